/** Guesses the next tokens of a text from the text itself (prompt lookup, github.com/apoorvumang/prompt-lookup-decoding). */

/** Tokens at the end of the text that are looked for in it, the most first: the longer, the surer. */
const longestEnd = 6;

/**
 * The tokens that followed when the text's end was said the last time, `most` at most; none where it is new. The more
 * tokens agree, the more are guessed: 1, 3, 5 and so on, for each that is verified in vain costs time.
 */
export function lookUp(ids: readonly number[], most: number): readonly number[] {
  if (most < 1) return [];
  for (let size = Math.min(longestEnd, ids.length - 1); size >= 1; size--) {
    const start = lastPlace(ids, size);
    if (start !== null) return continueFrom(ids, start + size, Math.min(most, 2 * size - 1));
  }
  return [];
}

/** The tokens from `place` on; behind the end of the text it goes on as it repeats itself. */
function continueFrom(ids: readonly number[], place: number, most: number): readonly number[] {
  const guess: number[] = [];
  for (let i = 0; i < most; i++) guess.push(ids[place + i] ?? guess[place + i - ids.length]!);
  return guess;
}

/** Where the last `size` tokens begin earlier in the text, nearest to its end; they may overlap with themselves. */
function lastPlace(ids: readonly number[], size: number): number | null {
  const end = ids.length - size;
  for (let start = end - 1; start >= 0; start--) {
    let same = 0;
    while (same < size && ids[start + same] === ids[end + same]) same++;
    if (same === size) return start;
  }
  return null;
}
