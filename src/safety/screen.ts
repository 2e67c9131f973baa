/** One way to look at a text (by rules, by a classifier): a text in pieces in, spans with category and score out. */
import type { MaybePromise } from './maybe-promise.js';

/** What is done with a span; of two, the later in this list is the stricter. */
export type Action = 'allow' | 'annotate' | 'redact' | 'block';

/** Whose text it is: what the caller wrote, what the model writes to read, or what it writes for a tool to run. */
export type Direction = 'prompt' | 'output' | 'tool-arguments';

/** A stretch of the text that one rule, or one category of a classifier, covers. */
export interface ScreenSpan {
  /** Code units `[start, end)` of the whole text; never empty. */
  readonly start: number;
  readonly end: number;
  /** Unique within the screen: the id of a rule, or the category that was scored. */
  readonly rule: string;
  /** A word of the rules file, or one of OpenAI's categories. */
  readonly category: string;
  /** How sure it is, 0 to 1. Rules are sure: 1. */
  readonly score: number;
  /** What the screen proposes. The policy may decide otherwise, but it knows no better where a score is too low: `allow`. */
  readonly action: Action;
  /** What stands for the span where it is redacted. */
  readonly replacement: string;
  /** Of spans that start together the one with the lower rank comes first; below 2^20. */
  readonly rank: number;
}

/** What has become known with one piece of a text. */
export interface Progress {
  /** New spans. Those of one rule come in order of `end`; that they overlap is no matter. */
  readonly spans: readonly ScreenSpan[];
  /**
   * No span that is still to come starts before this offset: what lies before may leave, as far as this screen is
   * concerned. Never decreases, and is never more than the code units read so far.
   */
  readonly settledTo: number;
}

/** One text under a screen. Calls do not overlap; what is returned by the last one is awaited first. */
export interface TextScreen {
  /** Takes the next piece, of any length. */
  read(piece: string): MaybePromise<Progress>;
  /** The text has ended: everything is settled. */
  end(): MaybePromise<Progress>;
}

export interface ScreenContext {
  readonly direction: Direction;
  /** Aborts when nobody waits for the text any more, or the screen has taken too long: what is pending may reject. */
  readonly signal?: AbortSignal | undefined;
}

/** Scores of one whole text by category, 0 to 1; a category that is absent scored 0. */
export type CategoryScores = ReadonlyMap<string, number>;

export interface Screen {
  /** In the audit, the metrics and the moderations: `rules`, or what a classifier is called. */
  readonly name: string;
  /** Everything it can find; changes where rules are read again. */
  readonly categories: readonly string[];
  /** It answers at once and holds no more than a match that has begun: no text ever flows ahead of it. */
  readonly instant?: boolean;
  /** Texts that come and leave pass it unread: only `score` asks it. */
  readonly scoresOnly?: boolean;
  open(context: ScreenContext): TextScreen;
  /** From which score on a category counts as found; 0.5 where it is absent. */
  readonly thresholds?: ReadonlyMap<string, number>;
  /** The scores of whole texts, in order; a classifier computes them together. The signal as in `ScreenContext`. */
  score(texts: readonly string[], signal?: AbortSignal): MaybePromise<readonly CategoryScores[]>;
}
