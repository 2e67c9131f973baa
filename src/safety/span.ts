/** Spans of text, and how far a text can be cut without cutting through one. */

/** The code units `[start, end)` of the text. */
export interface Span {
  readonly start: number;
  readonly end: number;
  /** Of spans that start together the lower comes first. */
  readonly order: number;
}

/**
 * Adds an occurrence to the spans of its rule, which stay in order of `end`: occurrences that overlap are one span, as
 * `merge` says. They nearly come in that order, as each scanner of a rule reports them so by itself.
 */
export function addOccurrence<S extends Span>(spans: S[], occurrence: S, merge: (earlier: S, later: S) => S): void {
  let merged = occurrence;
  let after = spans.length;
  while (after > 0 && spans[after - 1]!.start >= occurrence.end) after -= 1;
  let first = after;
  for (let span = spans[first - 1]; span !== undefined && span.end > merged.start; span = spans[first - 1]) {
    merged = merge(span, merged);
    first -= 1;
  }
  spans.splice(first, after - first, merged);
}

/** Leftmost first; of those that start together, the first rule of the file. */
export function inOrder(one: Span, other: Span): number {
  return one.start - other.start || one.order - other.order;
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
export function overlapping<S extends Span>(spans: readonly S[]): S[][] {
  const groups: S[][] = [];
  let groupEnd = 0;
  for (const span of spans) {
    if (groups.length > 0 && span.start < groupEnd) groups.at(-1)!.push(span);
    else groups.push([span]);
    groupEnd = Math.max(groupEnd, span.end);
  }
  return groups;
}
