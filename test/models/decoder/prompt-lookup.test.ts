/** Guesses from the text's own words. */
import { expect, test } from 'vitest';
import { lookUp } from '#octavo/models/decoder/prompt-lookup.js';

test.each<[string, readonly number[], number, readonly number[]]>([
  ['what followed when the end was said before', [1, 2, 3, 4, 5, 1, 2], 3, [3, 4, 5]],
  ['as many as are asked for', [1, 2, 3, 4, 5, 1, 2], 1, [3]],
  ['the last time that it was said', [1, 2, 3, 1, 2, 4, 1, 2], 2, [4, 1]],
  ['the time that more before it agrees', [7, 1, 2, 3, 8, 1, 2, 4, 7, 1, 2], 1, [3]],
  ['a repetition goes on', [5, 5, 5, 5], 4, [5, 5, 5, 5]],
  ['a longer repetition, too', [1, 2, 1, 2, 1], 4, [2, 1, 2, 1]],
  ['one token where one agrees', [1, 2, 3, 9, 1], 4, [2]],
  ['three where two agree', [1, 2, 3, 4, 5, 6, 7, 1, 2], 9, [3, 4, 5]],
  ['nothing where all is new', [1, 2, 3, 4], 4, []],
  ['nothing when nothing is asked for', [1, 2, 1, 2], 0, []],
  ['nothing after one token', [1], 4, []],
])('%s', (_, ids, most, guess) => {
  expect(lookUp(ids, most)).toEqual(guess);
});
