/** A batcher without a model: sequences say what the test scripts, at once or when the test lets them. */
import { setMaxListeners } from 'node:events';
import type { Delta, FinishReason, Generation, GenerationRequest, Generator } from '#octavo/batcher/generation.js';

type Script = (request: GenerationRequest, index: number) => readonly string[];

export class FakeGenerator implements Generator {
  readonly requests: GenerationRequest[] = [];
  readonly generations: FakeGeneration[] = [];
  /** What each sequence says, one piece for each read; `null`: nothing until the test calls `say` and `finish`. */
  script: Script | null = () => ['Hello', ' ', 'world'];
  finish: FinishReason = 'stop';
  /** Thrown by the submit with this index. */
  failure: { readonly at: number; readonly error: Error } | null = null;
  readonly #waiting: (() => void)[] = [];

  /** Thrown when the server asks whether there is room. */
  refusal: Error | null = null;

  checkOpen(): void {
    if (this.refusal) throw this.refusal;
  }

  submit(request: GenerationRequest): Generation {
    const index = this.requests.length;
    if (this.failure && this.failure.at === index) throw this.failure.error;
    const generation = new FakeGeneration(request);
    this.requests.push(request);
    this.generations.push(generation);
    if (this.script) generation.tell(this.script(request, index), this.finish);
    for (const wake of this.#waiting.splice(0)) wake();
    return generation;
  }

  retryAfterSeconds(): number {
    return 7;
  }

  /** Resolves when `count` sequences were submitted. */
  async submitted(count: number): Promise<readonly FakeGeneration[]> {
    while (this.generations.length < count) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return this.generations;
  }

  get running(): number {
    return this.generations.filter((generation) => generation.finish === null).length;
  }
}

/** One sequence; a token is a piece of text. */
export class FakeGeneration implements Generation {
  readonly timings = { queueMs: 1, prefillMs: 2, decodeMs: 3 };
  completionTokens = 0;
  /** What the test says. */
  logProbability = 0;
  reusedTokens = 0;
  /** Reads so far. */
  reads = 0;
  finish: FinishReason | null = null;
  /** Resolves with the reason once the sequence has ended. */
  readonly ended: Promise<FinishReason>;
  readonly #pieces: string[] = [];
  readonly #request: GenerationRequest;
  #error: Error | null = null;
  #wake = () => {};
  #end: (reason: FinishReason) => void = () => {};

  constructor(request: GenerationRequest) {
    this.#request = request;
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    if (request.signal) setMaxListeners(0, request.signal);
    if (request.signal?.aborted) this.cancel();
    else request.signal?.addEventListener('abort', () => this.cancel());
  }

  get promptTokens(): number {
    return this.#request.prompt.length;
  }

  tell(pieces: readonly string[], finish: FinishReason): void {
    for (const piece of pieces) this.say(piece);
    this.complete(finish);
  }

  say(piece: string): void {
    this.#pieces.push(piece);
    this.completionTokens++;
    this.#wake();
  }

  complete(reason: FinishReason): void {
    if (this.finish !== null) return;
    this.finish = reason;
    this.#end(reason);
    this.#wake();
  }

  fail(error: Error): void {
    this.#error = error;
    this.#wake();
  }

  cancel(): void {
    this.complete('cancelled');
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Delta, void, undefined> {
    for (;;) {
      this.reads++;
      const piece = this.#pieces.shift();
      if (piece !== undefined) yield { text: piece, finish: null };
      else if (this.#error) throw this.#error;
      else if (this.finish !== null) {
        yield { text: '', finish: this.finish };
        return;
      } else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }
}
