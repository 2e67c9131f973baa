/** Which texts are encoded together: padded lengths that follow from the text alone, one length a batch, oldest first. */
import { describe, expect, test } from 'vitest';
import { defaultBatchTokens, type EncodeLimits, nextBatch, paddedLength } from '#octavo/batcher/encode-scheduler.js';
import { Random } from '../support/random.js';

const limits: EncodeLimits = { rows: 4, tokens: 128, capacity: 300, grouping: 'length' };

describe('padded lengths', () => {
  test.each([
    [1, 16],
    [16, 16],
    [17, 32],
    [127, 128],
    [128, 128],
    [129, 160],
    [256, 256],
    [257, 320],
    [513, 640],
  ])('%i tokens are padded to %i', (length, padded) => {
    expect(paddedLength(length, 8192)).toBe(padded);
  });

  test('hold the text, never go beyond the capacity, and never fall as texts grow', () => {
    for (const capacity of [100, 128, 300, 512, 8192]) {
      const lengths = Array.from({ length: capacity }, (_, index) => index + 1);
      const padded = lengths.map((length) => paddedLength(length, capacity));
      expect(lengths.every((length, index) => padded[index]! >= length && padded[index]! <= capacity)).toBe(true);
      expect(padded).toEqual(padded.toSorted((a, b) => a - b));
    }
  });

  test('waste at most a fifth of a text above 64 tokens', () => {
    for (let length = 65; length <= 8192; length++) {
      expect(1 - length / paddedLength(length, 8192)).toBeLessThan(0.2);
    }
  });
});

describe('a batch', () => {
  test.each<[string, readonly number[], readonly number[], number]>([
    ['is of the oldest text’s length', [20, 3, 31, 17, 40], [0, 2, 3], 32],
    ['takes the older ones where not all fit', [5, 6, 7, 8, 9], [0, 1, 2, 3], 16],
    ['stays within its tokens', [60, 61, 62], [0, 1], 64],
    ['is a long text alone', [290, 290], [0], 300],
  ])('%s', (_, waiting, places, length) => {
    expect(nextBatch(waiting, limits)).toEqual({ places, length });
  });

  test('is none where nothing waits', () => {
    expect(nextBatch([], limits)).toBeNull();
    expect(nextBatch([], { ...limits, grouping: 'arrival' })).toBeNull();
  });

  test.each<[string, readonly number[], readonly number[], number]>([
    ['takes texts as they come, padded to the longest', [20, 3, 31, 17, 40], [0, 1, 2, 3], 32],
    ['ends before the text that would make it too large', [5, 40, 6], [0, 1], 48],
    ['is a long text alone', [290, 2], [0], 300],
  ])('by arrival %s', (_, waiting, places, length) => {
    expect(nextBatch(waiting, { ...limits, grouping: 'arrival' })).toEqual({ places, length });
  });
});

describe('over random arrivals', () => {
  const seeds = Array.from({ length: 50 }, (_, seed) => seed);

  test.each(seeds)(
    'seed %i: every text is taken once, in a batch of its own length, after no more batches than texts before it',
    (seed) => {
      const random = new Random(seed);
      const capacity = random.pick([64, 300, 512]);
      const limits: EncodeLimits = {
        rows: random.between(1, 8),
        tokens: random.pick([16, 256, defaultBatchTokens]),
        capacity,
        grouping: random.pick(['length', 'length', 'arrival']),
      };
      let waiting: { readonly length: number; readonly ahead: number; readonly arrived: number }[] = [];
      let [arrived, taken, batches] = [0, 0, 0];
      while (arrived < 200 || waiting.length > 0) {
        for (let more = random.below(12); more > 0 && arrived < 200; more--, arrived++) {
          waiting.push({ length: random.between(1, capacity), ahead: waiting.length, arrived: batches });
        }
        const batch = nextBatch(
          waiting.map(({ length }) => length),
          limits,
        );
        if (batch === null) continue;
        batches++;
        const texts = batch.places.map((place) => waiting[place]!);
        expect(batch.places[0]).toBe(0);
        expect(texts.length).toBeLessThanOrEqual(limits.rows);
        expect(texts.length === 1 || texts.length * batch.length <= limits.tokens).toBe(true);
        for (const text of texts) {
          const own = paddedLength(text.length, capacity);
          if (limits.grouping === 'length') expect(own).toBe(batch.length);
          else expect(own).toBeLessThanOrEqual(batch.length);
          expect(batches - text.arrived).toBeLessThanOrEqual(text.ahead + 1);
        }
        taken += new Set(batch.places).size;
        waiting = waiting.filter((_, place) => !batch.places.includes(place));
      }
      expect(taken).toBe(200);
    },
  );
});
