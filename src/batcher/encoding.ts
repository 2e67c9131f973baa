/** One request to an encoder: its texts on their way through the queue, and the rows that come back. */
import type { Waiting } from './waiting-queue.js';

export interface EncodeRequest {
  /** Token ids of each text: at least one, at most the model's context. */
  readonly texts: readonly (readonly number[])[];
  /** Aborting it ends the request: texts that are not being computed leave the queue. */
  readonly signal?: AbortSignal;
}

/** The batcher of an encoder as the server sees it. */
export interface EncodeQueue {
  /** Throws what `encode` would reject with now, for any texts: to be asked before work is spent on them. */
  checkOpen(): void;
  /**
   * Resolves with one row of numbers for each text, in order. Rejects with `queue_full` or `draining` (with nothing
   * kept), with the engine's error, or with the signal's reason.
   */
  encode(request: EncodeRequest): Promise<readonly Float32Array[]>;
  /** Seconds until the queue will have room again, from how fast it drains; for `Retry-After`. */
  retryAfterSeconds(): number;
}

/** A text that waits, and then is computed. */
export interface WaitingText extends Waiting {
  readonly encoding: Encoding;
  /** Its place in the request. */
  readonly index: number;
  readonly ids: readonly number[];
}

export class Encoding {
  readonly texts: readonly WaitingText[];
  readonly rows: Promise<readonly Float32Array[]>;
  /** Milliseconds of the batcher's clock. */
  readonly submitted: number;
  readonly #rows: Float32Array[];
  readonly #signal: AbortSignal | undefined;
  #resolve: (rows: readonly Float32Array[]) => void = () => {};
  #reject: (reason: unknown) => void = () => {};
  #missing: number;
  #settled = false;

  constructor({ texts, signal }: EncodeRequest, submitted: number) {
    this.rows = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.submitted = submitted;
    this.#rows = new Array(texts.length);
    this.#missing = texts.length;
    this.#signal = signal;
    this.texts = texts.map((ids, index) => this.#wait(ids, index));
    signal?.addEventListener('abort', this.#abort, { once: true });
    if (signal?.aborted) this.#abort();
  }

  /** Nothing more is wanted: every row is there, or the request has failed. */
  get settled(): boolean {
    return this.#settled;
  }

  accept(index: number, row: Float32Array): void {
    if (this.#settled) return;
    this.#rows[index] = row;
    this.#missing -= 1;
    if (this.#missing === 0) this.#settle(() => this.#resolve(this.#rows));
  }

  fail(reason: unknown): void {
    this.#settle(() => this.#reject(reason));
  }

  readonly #abort = () => this.fail(this.#signal?.reason);

  #wait(ids: readonly number[], index: number): WaitingText {
    const isSettled = () => this.#settled;
    return {
      encoding: this,
      index,
      ids,
      promptTokens: ids.length,
      get finished() {
        return isSettled();
      },
    };
  }

  #settle(answer: () => void): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#signal?.removeEventListener('abort', this.#abort);
    answer();
  }
}
