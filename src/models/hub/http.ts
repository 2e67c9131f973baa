/** One HTTP request: a stall or a cut connection is told from an answer, and redirects are the caller's. */

/** A failure that may pass: a connection that is cut or stalls, a server in trouble. */
export class Interruption extends Error {}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** The body as it comes. Throws `Interruption` when it is cut. */
  chunks(): AsyncIterable<Uint8Array>;
  /** Ends an answer whose body is not read. */
  discard(): void;
}

/** A connection on which nothing comes for so long is given up. */
const stallMs = 60_000;

/** Throws `Interruption` when nobody answers, and the reason of `signal` when that ends it. */
export async function request(url: URL, headers: Record<string, string>, signal: AbortSignal): Promise<Answer> {
  const stall = new AbortController();
  const timer = setTimeout(() => stall.abort(new Error(`nothing for ${stallMs / 1000} seconds`)), stallMs);
  const fail = (error: unknown): never => {
    clearTimeout(timer);
    signal.throwIfAborted();
    throw new Interruption(`No answer from ${url.origin}: ${reasonOf(error)}`, { cause: error });
  };
  const response = await fetch(url, {
    headers,
    redirect: 'manual',
    signal: AbortSignal.any([signal, stall.signal]),
  }).catch(fail);
  async function* chunks(): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of response.body ?? []) {
        timer.refresh();
        yield chunk;
      }
    } catch (error) {
      fail(error);
    } finally {
      clearTimeout(timer);
    }
  }
  const discard = () => {
    clearTimeout(timer);
    stall.abort();
  };
  return { status: response.status, headers: response.headers, chunks, discard };
}

/** `fetch failed` has its reason below. */
function reasonOf(error: unknown): string {
  const { message, cause } = error as Error;
  if (cause instanceof AggregateError) return reasonOf(cause.errors[0]);
  return cause instanceof Error ? cause.message : message;
}
