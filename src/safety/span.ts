/** Spans of text that a rule covers, and how far a text can be cut without cutting through one. */

/** The code units `[start, end)` of the text, covered by the rule with this index. */
export interface Span {
  readonly rule: number;
  readonly start: number;
  readonly end: number;
}

/** Adds an occurrence to the spans of its rule: occurrences that overlap are one span. They come in order of `end`. */
export function addOccurrence(spans: Span[], occurrence: Span): void {
  let start = occurrence.start;
  for (let last = spans.at(-1); last !== undefined && last.end > start; last = spans.at(-1)) {
    start = Math.min(start, last.start);
    spans.pop();
  }
  spans.push({ ...occurrence, start });
}

/** Leftmost first; of those that start together, the first rule of the file. */
export function inOrder(one: Span, other: Span): number {
  return one.start - other.start || one.rule - other.rule;
}

/** The last offset up to `limit` at which no span is cut in two. `spans` are in order. */
export function cutBefore(spans: readonly Span[], limit: number): number {
  let cut = limit;
  for (const { start, end } of spans.toReversed()) {
    if (start < cut && end > cut) cut = start;
  }
  return cut;
}

/** Removes what ends at `offset` or before; `spans` are in order of `end`. */
export function dropUpTo(spans: Span[], offset: number): void {
  const first = spans.findIndex(({ end }) => end > offset);
  spans.splice(0, first < 0 ? spans.length : first);
}

/** Spans that overlap each other, taken together; `spans` are in order. */
export function overlapping(spans: readonly Span[]): Span[][] {
  const groups: Span[][] = [];
  let groupEnd = 0;
  for (const span of spans) {
    if (groups.length > 0 && span.start < groupEnd) groups.at(-1)!.push(span);
    else groups.push([span]);
    groupEnd = Math.max(groupEnd, span.end);
  }
  return groups;
}
