/** Whether guessing pays, from what messages have shown. */
import { describe, expect, test } from 'vitest';
import { type DecodeMessage, DecodePace } from '#octavo/batcher/decode-pace.js';

const message = (changes: Partial<DecodeMessage>): DecodeMessage => ({
  ...{ rows: 1, rounds: 2, tokens: 2, ms: 4, speculated: false },
  ...changes,
});
const guessed = (changes: Partial<DecodeMessage>) => message({ speculated: true, ...changes });

/** How often it pays in the next messages of `rows` rows, each observed as it went. */
function count(pace: DecodePace, messages: number, { plain, speculating }: Record<string, Partial<DecodeMessage>>) {
  let pays = 0;
  for (let i = 0; i < messages; i++) {
    const speculated = pace.speculationPays(1);
    if (speculated) pays++;
    pace.observe(message({ ...(speculated ? speculating : plain), speculated }));
  }
  return pays;
}

describe('the time of a round', () => {
  test('is not known before the first, and then that of the last', () => {
    const pace = new DecodePace();
    expect(pace.roundMs(1, false)).toBeNull();
    pace.observe(message({ rounds: 4, ms: 6 }));
    expect(pace.roundMs(1, false)).toBe(1.5);
    expect(pace.roundMs(1, true)).toBeNull();
  });

  test('is at most in proportion to the rows', () => {
    const pace = new DecodePace();
    pace.observe(message({ rows: 2, rounds: 1, ms: 6 }));
    expect([1, 2, 6].map((rows) => pace.roundMs(rows, false))).toEqual([6, 6, 18]);
  });
});

describe('guessing', () => {
  test('is tried first, then plain decoding', () => {
    const pace = new DecodePace();
    expect(pace.speculationPays(1)).toBe(true);
    for (let i = 0; i < 3; i++) pace.observe(guessed({ tokens: 99 }));
    expect(pace.speculationPays(1)).toBe(false);
    for (let i = 0; i < 3; i++) pace.observe(message({}));
    expect(pace.speculationPays(1)).toBe(true);
  });

  test('goes on where it gives more tokens in the time', () => {
    expect(count(new DecodePace(), 320, { plain: {}, speculating: { tokens: 6, ms: 8 } })).toBeGreaterThan(290);
  });

  test('is given up where it gives fewer, and tried again from time to time', () => {
    const pays = count(new DecodePace(), 320, { plain: {}, speculating: { tokens: 3, ms: 8 } });
    expect(pays).toBeGreaterThan(15);
    expect(pays).toBeLessThan(30);
  });

  test('begins again when texts change', () => {
    const pace = new DecodePace();
    count(pace, 100, { plain: {}, speculating: { tokens: 2, ms: 8 } });
    expect(count(pace, 640, { plain: {}, speculating: { tokens: 9, ms: 8 } })).toBeGreaterThan(300);
  });

  test('is not for many rows', () => {
    expect(new DecodePace().speculationPays(9)).toBe(false);
  });
});
