/** Several async iterators read as one, in the order in which their values come. */

export interface Merged<T> {
  /** Which of the sources it came from. */
  readonly index: number;
  readonly value: T;
}

/**
 * Reads each source one value ahead, never further: who does not read holds the sources back. Values are served in
 * the order of arrival, so no source can starve another. Throws the first error of a source, or the signal's reason
 * as soon as it aborts. Leaving the loop returns every source.
 */
export async function* merge<T>(
  sources: readonly AsyncIterable<T>[],
  signal: AbortSignal,
): AsyncGenerator<Merged<T>, void, undefined> {
  const iterators = sources.map((source) => source[Symbol.asyncIterator]());
  const arrivals = new ArrivalQueue<T>(signal);
  try {
    for (const [index, iterator] of iterators.entries()) arrivals.expect(index, iterator.next());
    for (let open = iterators.length; open > 0; ) {
      const { index, result } = await arrivals.take();
      if (result.done) {
        open--;
        continue;
      }
      yield { index, value: result.value };
      const iterator = iterators[index];
      if (iterator) arrivals.expect(index, iterator.next());
    }
  } finally {
    arrivals.close();
    // Not awaited: an iterator suspended in an await answers only when that settles.
    for (const iterator of iterators) iterator.return?.().catch(() => {});
  }
}

type Arrival<T> = { readonly index: number; readonly result: IteratorResult<T> } | { readonly error: unknown };

/** Results in the order of their arrival. Not `Promise.race`: that adds a callback to every pending promise each time. */
class ArrivalQueue<T> {
  readonly #arrived: Arrival<T>[] = [];
  readonly #signal: AbortSignal;
  #wake = () => {};

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    signal.addEventListener('abort', this.#onAbort);
  }

  readonly #onAbort = () => this.#wake();

  expect(index: number, next: Promise<IteratorResult<T>>): void {
    next.then(
      (result) => this.#push({ index, result }),
      (error: unknown) => this.#push({ error }),
    );
  }

  async take(): Promise<{ readonly index: number; readonly result: IteratorResult<T> }> {
    for (;;) {
      this.#signal.throwIfAborted();
      const arrival = this.#arrived.shift();
      if (arrival && 'error' in arrival) throw arrival.error;
      if (arrival) return arrival;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  close(): void {
    this.#signal.removeEventListener('abort', this.#onAbort);
  }

  #push(arrival: Arrival<T>): void {
    this.#arrived.push(arrival);
    this.#wake();
  }
}
