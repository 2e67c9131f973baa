/** The deltas of one sequence between the batcher, which never waits, and a reader, who may be slow or leave. */
import type { Delta, FinishReason } from './generation.js';

export class DeltaStream implements AsyncIterator<Delta> {
  /** Called when the reader leaves before the end. */
  readonly #onLeave: () => void;
  #text = '';
  #finish: FinishReason | null = null;
  #error: Error | null = null;
  #ended = false;
  /** Calls of `next` that found nothing, oldest first. */
  readonly #waiting: (() => void)[] = [];

  constructor(onLeave: () => void) {
    this.#onLeave = onLeave;
  }

  /** Adds text; unread text is merged, so it is bounded by the sequence's own length. */
  push(text: string, finish: FinishReason | null): void {
    this.#text += text;
    this.#finish = finish;
    if (text !== '' || finish !== null) this.#signal();
  }

  fail(error: Error): void {
    this.#error = error;
    this.#signal();
  }

  async next(): Promise<IteratorResult<Delta, undefined>> {
    for (;;) {
      if (this.#ended) return { done: true, value: undefined };
      if (this.#text !== '' || this.#finish !== null) return { done: false, value: this.#take() };
      if (this.#error !== null) {
        this.#ended = true;
        throw this.#error;
      }
      // Between this check and the await nothing else runs, so no signal is lost.
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
    }
  }

  async return(): Promise<IteratorResult<Delta, undefined>> {
    this.#ended = true;
    this.#signal();
    this.#onLeave();
    return { done: true, value: undefined };
  }

  #take(): Delta {
    const delta = { text: this.#text, finish: this.#finish };
    this.#text = '';
    this.#finish = null;
    if (delta.finish !== null) this.#ended = true;
    return delta;
  }

  #signal(): void {
    // All of them look again, in order: who comes late waits on, or learns that the stream has ended.
    for (const wake of this.#waiting.splice(0)) wake();
  }
}
