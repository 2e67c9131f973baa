/** A screen whose verdicts follow the text: `async` mode, in which text flows while a classifier still judges it. */
import { isPromise, type MaybePromise, whenThere } from './maybe-promise.js';
import type { Progress, ScreenSpan, TextScreen } from './screen.js';

/** Text may leave up to `bound` code units ahead of what the screen has settled, never further: the rest is held. */
export function lagging(inner: TextScreen, bound: number): TextScreen {
  return new LaggingText(inner, bound);
}

class LaggingText implements TextScreen {
  readonly #inner: TextScreen;
  readonly #bound: number;
  /** Verdicts that have come and were not taken yet. */
  #spans: ScreenSpan[] = [];
  #readTo = 0;
  #settledTo = 0;
  /** Read while the screen was busy: it takes one piece at a time. */
  #queued = '';
  #pending: Promise<void> | null = null;

  constructor(inner: TextScreen, bound: number) {
    this.#inner = inner;
    this.#bound = bound;
  }

  read(piece: string): Progress {
    this.#readTo += piece.length;
    this.#queued += piece;
    this.#feed();
    return this.#take();
  }

  end(): MaybePromise<Progress> {
    if (this.#pending) return this.#pending.then(() => this.end());
    return whenThere(this.#inner.end(), (progress) => {
      this.#note(progress);
      return this.#take();
    });
  }

  #feed(): void {
    if (this.#pending || this.#queued === '') return;
    const piece = this.#queued;
    this.#queued = '';
    const answer = this.#inner.read(piece);
    if (isPromise(answer)) this.#pending = answer.then((progress) => this.#resume(progress));
    else this.#note(answer);
  }

  #resume(progress: Progress): void {
    this.#pending = null;
    this.#note(progress);
    this.#feed();
  }

  #note({ spans, settledTo }: Progress): void {
    for (const span of spans) this.#spans.push(span);
    this.#settledTo = settledTo;
  }

  #take(): Progress {
    const spans = this.#spans;
    this.#spans = [];
    return { spans, settledTo: Math.min(this.#readTo, this.#settledTo + this.#bound) };
  }
}
