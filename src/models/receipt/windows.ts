/** Cuts texts into windows that fit a context, so that each token is predicted once and from enough text before it. */

export interface Window {
  readonly ids: readonly number[];
  /** Index in `ids` of the first token that is predicted; the tokens before it are only read. */
  readonly from: number;
}

/**
 * A text of at most `length` tokens is one window whose first token is not predicted. A longer one is cut into windows
 * that overlap by half: each token after the first window is predicted from at least `length / 2` tokens before it.
 * Ends exactly at `limit` predictions. `length` is even.
 */
export function cutWindows(
  texts: readonly (readonly number[])[],
  { length, limit }: { readonly length: number; readonly limit: number },
): Window[] {
  const half = length / 2;
  const windows: Window[] = [];
  let left = limit;
  for (const text of texts) {
    for (let start = 0, done = 1; done < text.length && left > 0; start += half) {
      const from = done - start;
      const end = Math.min(start + length, text.length, done + left);
      windows.push({ ids: text.slice(start, end), from });
      left -= end - done;
      done = end;
    }
  }
  return windows;
}

export function countPredictions(windows: readonly Window[]): number {
  return windows.reduce((sum, { ids, from }) => sum + ids.length - from, 0);
}

/** The first windows, cut short at `limit` predictions. */
export function firstPredictions(windows: readonly Window[], limit: number): Window[] {
  const first: Window[] = [];
  let left = limit;
  for (const { ids, from } of windows) {
    if (left === 0) break;
    const end = Math.min(ids.length, from + left);
    first.push({ ids: ids.slice(0, end), from });
    left -= end - from;
  }
  return first;
}
