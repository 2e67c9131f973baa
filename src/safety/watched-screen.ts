/** A screen that cannot fail: where it throws or takes too long, the text that it has not judged is blocked. */
import { isPromise, type MaybePromise } from './maybe-promise.js';
import type { Progress, Screen, ScreenContext, ScreenSpan, TextScreen } from './screen.js';

/** `block`: text that was not judged does not leave. `pass`: it leaves, and is counted. */
export type OnFailure = 'block' | 'pass';

/** The category of what could not be judged. */
export const failureCategory = 'screen-failure';

export interface WatchSettings {
  /** Milliseconds that one answer may take. */
  readonly timeLimitMs: number;
  readonly onFailure: OnFailure;
  /** Told once for each text on which a screen failed. */
  readonly onError?: ((screen: string, error: unknown) => void) | undefined;
}

export function watched(screen: Screen, context: ScreenContext, settings: WatchSettings): TextScreen {
  const over = new AbortController();
  const watching = { context, settings, over };
  try {
    const inner = screen.open({ ...context, signal: eitherSignal(context.signal, over.signal) });
    return new WatchedText(screen, { inner, ...watching });
  } catch (error) {
    const failed = new WatchedText(screen, { inner: null, ...watching });
    failed.fail(error);
    return failed;
  }
}

/** The answer, or an error when it has not come after so many milliseconds. */
export async function inTime<T>(answer: Promise<T>, limitMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${limitMs} ms`)), limitMs);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Aborts with the first of the two: nobody waits for the answer, or it has taken too long. */
export function eitherSignal(waiting: AbortSignal | undefined, over: AbortSignal): AbortSignal {
  return waiting ? AbortSignal.any([waiting, over]) : over;
}

interface Watching {
  /** `null`: it could not even be opened. */
  readonly inner: TextScreen | null;
  readonly context: ScreenContext;
  readonly settings: WatchSettings;
  /** Ends what the screen still computes once it has failed. */
  readonly over: AbortController;
}

class WatchedText implements TextScreen {
  readonly #screen: Screen;
  readonly #watching: Watching;
  #readTo = 0;
  #settledTo = 0;
  #failed = false;

  constructor(screen: Screen, watching: Watching) {
    this.#screen = screen;
    this.#watching = watching;
  }

  read(piece: string): MaybePromise<Progress> {
    this.#readTo += piece.length;
    return this.#ask((inner) => inner.read(piece));
  }

  end(): MaybePromise<Progress> {
    return this.#ask((inner) => inner.end());
  }

  fail(error: unknown): Progress {
    this.#watching.over.abort();
    // Who waits for the text is gone: nothing failed, and nothing leaves.
    if (this.#watching.context.signal?.aborted) return { spans: [], settledTo: this.#settledTo };
    if (!this.#failed) this.#watching.settings.onError?.(this.#screen.name, error);
    this.#failed = true;
    return this.#unjudged();
  }

  #ask(read: (inner: TextScreen) => MaybePromise<Progress>): MaybePromise<Progress> {
    const { inner } = this.#watching;
    if (this.#failed || inner === null) return this.#unjudged();
    try {
      const answer = read(inner);
      return isPromise(answer) ? this.#await(answer) : this.#note(answer);
    } catch (error) {
      return this.fail(error);
    }
  }

  async #await(answer: Promise<Progress>): Promise<Progress> {
    try {
      return this.#note(await inTime(answer, this.#watching.settings.timeLimitMs));
    } catch (error) {
      return this.fail(error);
    }
  }

  #note(progress: Progress): Progress {
    this.#settledTo = progress.settledTo;
    return progress;
  }

  /** Everything that was read and not judged, as one span. */
  #unjudged(): Progress {
    const start = this.#settledTo;
    this.#settledTo = this.#readTo;
    if (start === this.#readTo) return { spans: [], settledTo: this.#readTo };
    return { spans: [this.#failure(start)], settledTo: this.#readTo };
  }

  #failure(start: number): ScreenSpan {
    const action = this.#watching.settings.onFailure === 'block' ? 'block' : 'annotate';
    const shared = { category: failureCategory, score: 1, replacement: '', rank: 0 };
    return { start, end: this.#readTo, rule: this.#screen.name, action, ...shared };
  }
}
