/** What penalties know of a row: the tokens of its prompt, and how often each was generated. */
import { expect, test } from 'vitest';
import { TokenHistory } from '#octavo/models/decoder/token-history.js';

test('a prompt that comes in chunks is one prompt', () => {
  const history = new TokenHistory();
  history.addPrompt([4, 5]);
  history.addPrompt([5, 6, 6]);
  expect(history).toMatchObject({ length: 5, generated: 0 });
  expect([...history.prompt]).toEqual([4, 5, 6]);
  expect(history.counts.size).toBe(0);
});

test('generated tokens are counted apart from the prompt', () => {
  const history = new TokenHistory();
  history.addPrompt([4]);
  for (const token of [4, 9, 4]) history.addGenerated(token);
  expect(history).toMatchObject({ length: 4, generated: 3 });
  expect([...history.counts]).toEqual([
    [4, 2],
    [9, 1],
  ]);
  expect([...history.prompt]).toEqual([4]);
});
