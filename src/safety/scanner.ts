/** What reads a text for the safety filter, code point by code point, and reports where rules match. */

/** An occurrence of the rule with this index, at the code units `[start, end)` of the text; never empty. */
export type Report = (rule: number, start: number, end: number) => void;

/** Reports every occurrence of its rules exactly once it is certain, in order of `end`. */
export interface Scanner {
  /** Takes one code point (a lone surrogate counts as one), at the code units `[start, end)` of the text. */
  read(code: number, start: number, end: number): void;
  /** The text ends at this offset. */
  end(at: number): void;
  /** No occurrence that is still to be reported starts before this offset; `Infinity` when none has begun. */
  readonly liveFrom: number;
  /** Elementary steps done so far: they grow linearly with the text. */
  readonly steps: number;
}
