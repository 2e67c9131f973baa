/** Batching for encoders: groups waiting texts by length, has each batch computed, and delivers its rows. */
import { invariant, OctavoError } from '../errors.js';
import type { EncoderEngine } from '../models/encoder/encode-step.js';
import { type EncodeLimits, nextBatch } from './encode-scheduler.js';
import { type EncodeQueue, type EncodeRequest, Encoding, type WaitingText } from './encoding.js';
import type { EncodeEvents } from './events.js';
import type { Clock } from './sequence.js';
import { StepLoop } from './step-loop.js';
import { type QueueLimits, WaitingQueue } from './waiting-queue.js';

export interface EncodeBatcherOptions {
  readonly engine: EncoderEngine;
  /** The engine's rows and capacity bound them. */
  readonly batch: Pick<EncodeLimits, 'tokens' | 'grouping'>;
  readonly queue: QueueLimits;
  readonly clock: Clock;
  readonly events: EncodeEvents;
}

/** Texts that are computed together. */
interface Scheduled {
  readonly texts: readonly WaitingText[];
  readonly length: number;
}

export class EncodeBatcher implements EncodeQueue {
  readonly #options: EncodeBatcherOptions;
  readonly #limits: EncodeLimits;
  readonly #waiting: WaitingQueue<WaitingText>;
  readonly #loop: StepLoop<Scheduled>;
  #computing: readonly WaitingText[] = [];
  #draining = false;

  constructor(options: EncodeBatcherOptions) {
    const { engine, batch, queue, clock } = options;
    this.#options = options;
    this.#limits = { ...batch, rows: engine.rows, capacity: engine.capacity };
    this.#waiting = new WaitingQueue(queue, clock);
    this.#loop = new StepLoop({
      schedule: () => this.#schedule(),
      run: (scheduled) => this.#run(scheduled),
      // Other requests, and their texts that wait, are not touched.
      lose: ({ texts }, error) => this.#fail(texts, error),
      recover: () => engine.recover(),
      abandon: (error) => this.#fail(this.#waiting.takeAll(), error),
      ...{ clock, failed: options.events.failed },
    });
  }

  checkOpen(): void {
    if (this.#draining) throw new OctavoError('draining', 'The server is shutting down and takes no new requests.');
    this.#waiting.checkRoom(0);
  }

  /** Where there is room at all there is room for a whole request: the queue outgrows its bound by one request at most. */
  async encode(request: EncodeRequest): Promise<readonly Float32Array[]> {
    this.checkOpen();
    const fits = ({ length }: readonly number[]) => length > 0 && length <= this.#limits.capacity;
    invariant(request.texts.length > 0 && request.texts.every(fits), 'a text has tokens, and fits the context');
    const encoding = new Encoding(request, this.#options.clock());
    for (const text of encoding.texts) this.#waiting.add(text);
    this.#loop.wake();
    return encoding.rows;
  }

  retryAfterSeconds(): number {
    return this.#waiting.secondsUntilRoom();
  }

  /** Texts that are being computed. */
  get running(): number {
    return this.#computing.length;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** False while the engine is being restarted, after a restart failed, and while a step does not come back. */
  get healthy(): boolean {
    return this.#loop.healthy;
  }

  /** Tries again to bring back an engine that could not be restarted; does nothing when all is well. */
  revive(): void {
    this.#loop.revive();
  }

  /** Takes no new requests, and resolves when those it has are answered. */
  async drain(): Promise<void> {
    this.#draining = true;
    await this.#loop.idle();
  }

  /** Fails every request with `draining`. */
  cancelAll(): void {
    const error = new OctavoError('draining', 'The server is shutting down.');
    this.#fail([...this.#computing, ...this.#waiting.all], error);
  }

  #schedule(): Scheduled | null {
    this.#computing = [];
    // What was cancelled while it waited is not computed.
    this.#waiting.takeFinished();
    const batch = nextBatch(this.#waiting.lengths(), this.#limits);
    if (batch === null) return null;
    this.#computing = this.#waiting.take(batch.places);
    return { texts: this.#computing, length: batch.length };
  }

  async #run({ texts, length }: Scheduled): Promise<void> {
    const { engine, clock, events } = this.#options;
    const now = clock();
    for (const { encoding } of texts) events.queued(now - encoding.submitted);
    const { values, modelMs } = await engine.step({ texts: texts.map(({ ids }) => ids), length });
    texts.forEach(({ encoding, index }, row) => {
      encoding.accept(index, values.subarray(row * engine.width, (row + 1) * engine.width));
    });
    const tokens = texts.reduce((sum, { promptTokens }) => sum + promptTokens, 0);
    const size = { rows: texts.length, tokens, paddedTokens: texts.length * length };
    events.step({ kind: 'encode', rounds: 1, ...size, modelMs, sampleMs: 0 });
  }

  #fail(texts: readonly WaitingText[], error: Error): void {
    for (const { encoding } of texts) encoding.fail(error);
  }
}
