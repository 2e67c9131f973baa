/** Replaces redacted spans in a text. */
import { overlapping, type Span } from './span.js';

export interface RedactedSpan extends Span {
  readonly replacement: string;
}

/** Text that is a part of a longer one, from the offset `from` on. */
export interface HeldText {
  readonly text: string;
  readonly from: number;
}

/**
 * The held text up to the offset `cut`. Spans that overlap are replaced once, by the replacement of the leftmost; of
 * those, the longest; of those, the first. `spans` are in order and end before `cut`.
 */
export function redacted({ text, from }: HeldText, cut: number, spans: readonly RedactedSpan[]): string {
  let safe = '';
  let at = from;
  for (const group of overlapping(spans)) {
    const start = group[0]!.start;
    const first = group
      .filter((span) => span.start === start)
      .reduce((one, other) => (other.end > one.end ? other : one));
    safe += text.slice(at - from, start - from) + first.replacement;
    at = group.reduce((end, span) => Math.max(end, span.end), start);
  }
  return safe + text.slice(at - from, cut - from);
}
