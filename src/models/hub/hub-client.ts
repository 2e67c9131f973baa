/** A hub: its token for its own origin alone, redirects followed by hand, what may pass tried again. */
import { setTimeout as sleep } from 'node:timers/promises';
import { OctavoError } from '../../errors.js';
import { type Answer, Interruption, request } from './http.js';
import { toRefusal } from './refusal.js';

export interface HubOptions {
  /** Base address, such as `https://huggingface.co`. */
  readonly endpoint: URL;
  readonly token: string | null;
  /** Ends every request. */
  readonly signal: AbortSignal;
  /** Milliseconds before the first repetition; each further one waits twice as long. */
  readonly backoffMs: number;
}

const maxRedirects = 5;
const maxRetries = 5;
const maxJsonBytes = 16 * 1024 * 1024;

export class HubClient {
  readonly #options: HubOptions;
  /** A hub that never answered is not waited for. */
  #wasReached = false;

  constructor(options: HubOptions) {
    this.#options = options;
  }

  /**
   * Runs again what is interrupted, up to five times in a row without `progress`. Throws `hub_unavailable` then.
   */
  async retry<T>(run: (progress: () => void) => Promise<T>): Promise<T> {
    const { backoffMs, signal } = this.#options;
    let failures = 0;
    const progress = () => {
      failures = 0;
    };
    for (;;) {
      try {
        return await run(progress);
      } catch (error) {
        if (!(error instanceof Interruption)) throw error;
        failures++;
        if (failures > maxRetries || !this.#wasReached) {
          throw new OctavoError('hub_unavailable', `${error.message}.`, null, { cause: error });
        }
        await sleep(backoffMs * 2 ** (failures - 1), undefined, { signal }).catch(() => signal.throwIfAborted());
      }
    }
  }

  /** A JSON answer, with repetitions; `path` is below the endpoint. Throws `hub_unavailable`, `invalid_model`, a refusal. */
  readJson(path: string): Promise<{ readonly value: unknown; readonly headers: Headers }> {
    return this.retry(async () => {
      const answer = await this.get(path);
      const parts: Uint8Array[] = [];
      let bytes = 0;
      for await (const chunk of answer.chunks()) {
        bytes += chunk.length;
        if (bytes > maxJsonBytes) throw new OctavoError('invalid_model', `${path} is too long an answer.`);
        parts.push(chunk);
      }
      return { value: parseJson(Buffer.concat(parts).toString()), headers: answer.headers };
    });
  }

  /** One attempt, through redirects, to a 200 or 206. Throws `Interruption`, or the hub's refusal. */
  async get(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    const { endpoint, token, signal } = this.#options;
    let url = new URL(`${endpoint.href.replace(/\/$/, '')}/${path}`);
    for (let redirects = 0; redirects <= maxRedirects; redirects++) {
      const own = token !== null && url.origin === endpoint.origin ? { authorization: `Bearer ${token}` } : {};
      // Ranges and sizes are of the bytes as they are stored.
      const answer = await request(url, { 'accept-encoding': 'identity', ...headers, ...own }, signal);
      this.#wasReached = true;
      if (answer.status === 200 || answer.status === 206) return answer;
      answer.discard();
      const location = answer.headers.get('location');
      if (answer.status < 300 || answer.status >= 400 || location === null)
        throw toRefusal(answer, endpoint, token !== null);
      url = follow(url, location);
    }
    throw new OctavoError('hub_unavailable', `${endpoint.origin} redirects more than ${maxRedirects} times.`);
  }
}

/** Never from an encrypted connection to an open one. Throws `hub_unavailable`. */
function follow(from: URL, location: string): URL {
  const to = URL.canParse(location, from.href) ? new URL(location, from) : null;
  const isWeb = to?.protocol === 'https:' || (to?.protocol === 'http:' && from.protocol === 'http:');
  if (to !== null && isWeb) return to;
  throw new OctavoError('hub_unavailable', `${from.origin} redirects to an address that is not followed.`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
