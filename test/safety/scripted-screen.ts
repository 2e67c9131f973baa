/** A screen that finds a word, when the test says so: window by window, later, never, or with a failure. */
import type { MaybePromise } from '#octavo/safety/maybe-promise.js';
import type { Action, Progress, Screen, ScreenSpan, TextScreen } from '#octavo/safety/screen.js';

export interface Script {
  readonly name?: string;
  /** The word that is planted. */
  readonly word?: string;
  readonly category?: string;
  readonly score?: number;
  readonly action?: Action;
  /** Code units that are judged together; a hit covers all of its window. */
  readonly window?: number;
  /** How an answer comes: at once when absent. */
  readonly answer?: (progress: Progress, call: number) => MaybePromise<Progress>;
}

export function scriptedScreen(script: Script = {}): Screen {
  const { name = 'scripted', category = 'test' } = script;
  return {
    name,
    categories: [category],
    open: () => new WindowText(script),
    score: (texts) => texts.map((text) => new Map([[category, text.includes(script.word ?? 'BAD') ? 1 : 0]])),
  };
}

/** Judges windows of one length, each with all of the text before it: a word over an edge is found in the later one. */
class WindowText implements TextScreen {
  readonly #script: Script;
  #text = '';
  #judgedTo = 0;
  #calls = 0;

  constructor(script: Script) {
    this.#script = script;
  }

  read(piece: string): MaybePromise<Progress> {
    this.#text += piece;
    const { window = 8 } = this.#script;
    return this.#judge(this.#text.length - (this.#text.length % window));
  }

  end(): MaybePromise<Progress> {
    return this.#judge(this.#text.length);
  }

  #judge(to: number): MaybePromise<Progress> {
    const { window = 8, answer = (progress: Progress) => progress } = this.#script;
    const spans: ScreenSpan[] = [];
    while (this.#judgedTo < to) {
      const end = Math.min(to, this.#judgedTo + window);
      if (this.#isHit(end)) spans.push(this.#span(end));
      this.#judgedTo = end;
    }
    return answer({ spans, settledTo: to }, this.#calls++);
  }

  #isHit(end: number): boolean {
    const { word = 'BAD' } = this.#script;
    const from = Math.max(0, this.#judgedTo - word.length + 1);
    return this.#text.slice(from, end).includes(word);
  }

  #span(end: number): ScreenSpan {
    const { category = 'test', score = 1, action = 'block' } = this.#script;
    return { start: this.#judgedTo, end, rule: category, category, score, action, replacement: '[x]', rank: 0 };
  }
}
