/** The safety filter as the server sees it: text in, verdict or safe text out. It knows no HTTP and no tokens. */
import type { Judgements } from './judge.js';
import type { MaybePromise } from './maybe-promise.js';
import type { SafeText } from './safe-text.js';
import type { Action, Direction, Screen } from './screen.js';

/** What is done about a finding; what is allowed is none. */
export type SafetyAction = Exclude<Action, 'allow'>;

/** One match of one rule, or one judgement of a classifier. The text itself is never part of it. */
export interface Finding {
  readonly screen: string;
  readonly rule: string;
  readonly category: string;
  readonly action: SafetyAction;
  /** 0 to 1; rules are sure: 1. */
  readonly score: number;
}

/** What became of the spans of one category: the highest score, and the strictest of what was done. */
export interface CategoryVerdict {
  readonly score: number;
  readonly action: Action;
}

export interface Released {
  /** Text that may leave now. */
  readonly text: SafeText;
  /** The text is blocked: nothing of the match left, and nothing more will. */
  readonly blocked: boolean;
  readonly findings: readonly Finding[];
}

/**
 * Screens one text while it is written. What it releases in all is the same however the text is cut into pieces.
 * Calls do not overlap: the last answer is awaited before the next call.
 */
export interface StreamGuard {
  /** Takes new text, gives back what no screen can still find anything in. After a block it releases nothing. */
  push(text: string): MaybePromise<Released>;
  /** The text has ended: releases or blocks what was held back. */
  end(): MaybePromise<Released>;
  /** Of each category that was seen so far, those that are allowed too. */
  readonly verdicts: ReadonlyMap<string, CategoryVerdict>;
}

/** Whose text it is. */
export interface TextOrigin {
  readonly direction: Direction;
  /** Who asks: the digest of the API key, '' on an open server. */
  readonly tenant: string;
  /** Id of the request. */
  readonly request: string;
  /** Aborts when nobody waits for the text any more. */
  readonly signal?: AbortSignal | undefined;
}

export interface Safety {
  readonly screens: readonly Screen[];
  /** For one text, to be screened from its beginning to its end. */
  guard(origin: TextOrigin): StreamGuard;
  /** What every screen thinks of whole texts, in order. Throws `screen_failed`. */
  judge(texts: readonly string[], signal?: AbortSignal): Promise<readonly Judgements[]>;
}
