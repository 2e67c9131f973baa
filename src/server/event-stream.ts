/** Server-sent events: chunks as `data:` lines, comments in silence, one terminal event. */

interface EventStreamOptions {
  /** Milliseconds of silence after which a comment is sent. */
  readonly heartbeatMs: number;
  /** The last event when the chunks fail. */
  readonly describeError: (error: unknown) => object;
}

const silence = Symbol('silence');

/**
 * The bytes of one answer. It ends with exactly one `[DONE]`, or, when the chunks throw, with one error event and
 * no `[DONE]`: a throw here would only cut the connection. The next chunk is asked for only once the last one was
 * taken, so a slow reader holds back the chunks.
 */
export async function* eventStream(
  chunks: AsyncIterable<object>,
  options: EventStreamOptions,
): AsyncGenerator<string, void, undefined> {
  const iterator = chunks[Symbol.asyncIterator]();
  try {
    let next = iterator.next();
    // With nothing to say yet, a comment comes at once: it carries the headers, so that the caller is not left waiting.
    let patienceMs = 0;
    for (;;) {
      const result = await settleOrSilence(next, patienceMs);
      patienceMs = options.heartbeatMs;
      if (result === silence) {
        yield ': waiting\n\n';
        continue;
      }
      if (result.done) break;
      yield `data: ${JSON.stringify(result.value)}\n\n`;
      next = iterator.next();
    }
    yield 'data: [DONE]\n\n';
  } catch (error) {
    yield `data: ${JSON.stringify(options.describeError(error))}\n\n`;
  } finally {
    // Not awaited: the chunks may be suspended in an await that only the request's abort signal ends.
    iterator.return?.().catch(() => {});
  }
}

async function settleOrSilence<T>(next: Promise<T>, ms: number): Promise<T | typeof silence> {
  let timer: NodeJS.Timeout | undefined;
  const quiet = new Promise<typeof silence>((resolve) => {
    timer = setTimeout(() => resolve(silence), ms);
  });
  try {
    return await Promise.race([next, quiet]);
  } finally {
    clearTimeout(timer);
  }
}
