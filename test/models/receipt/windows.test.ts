/** Texts are cut so that each token is predicted once, from as much text before it as promised. */
import { describe, expect, it } from 'vitest';
import { chunkLengths } from '#octavo/models/receipt/logits-reader.js';
import { countPredictions, cutWindows, firstPredictions } from '#octavo/models/receipt/windows.js';

const text = (length: number, first = 0) => Array.from({ length }, (_, index) => first + index);
const everything = Number.POSITIVE_INFINITY;

describe('windows', () => {
  it('keep a short text whole; its first token has nothing to be predicted from', () => {
    expect(cutWindows([text(5)], { length: 8, limit: everything })).toEqual([{ ids: text(5), from: 1 }]);
    expect(cutWindows([text(8)], { length: 8, limit: everything })).toEqual([{ ids: text(8), from: 1 }]);
  });

  it('overlap by half in a long text', () => {
    expect(cutWindows([text(14)], { length: 8, limit: everything })).toEqual([
      { ids: text(8), from: 1 },
      { ids: text(8, 4), from: 4 },
      { ids: text(6, 8), from: 4 },
    ]);
  });

  it.each([2, 3, 7, 8, 9, 11, 12, 13, 40])('predict each token of a text of %i once', (length) => {
    const windows = cutWindows([text(length)], { length: 8, limit: everything });
    expect(windows.flatMap(({ ids, from }) => ids.slice(from))).toEqual(text(length).slice(1));
    for (const { ids } of windows) expect(ids.length).toBeLessThanOrEqual(8);
    for (const { from } of windows.slice(1)) expect(from).toBeGreaterThanOrEqual(4);
    expect(countPredictions(windows)).toBe(length - 1);
  });

  it.each([1, 4, 7, 8, 9, 12, 14])('end exactly at %i predictions', (limit) => {
    const windows = cutWindows([text(3), text(14), text(9)], { length: 8, limit });
    expect(countPredictions(windows)).toBe(limit);
    expect(windows.every(({ ids, from }) => ids.length > from)).toBe(true);
  });

  it('leave out a text of one token', () => {
    expect(cutWindows([text(1), [], text(2)], { length: 8, limit: everything })).toEqual([{ ids: text(2), from: 1 }]);
  });
});

describe('chunks of a window', () => {
  it('are one where the logits are small', () => {
    expect(chunkLengths(512, 4096)).toEqual([512]);
  });

  it.each([2, 55, 56, 57, 110, 111, 512])(
    'bound the logits of %i tokens of a large vocabulary, and none is one',
    (length) => {
      const lengths = chunkLengths(length, 151_936);
      expect(lengths.reduce((sum, each) => sum + each, 0)).toBe(length);
      for (const each of lengths) {
        expect(each).toBeGreaterThan(1);
        expect(each * 151_936 * 4).toBeLessThanOrEqual(32 << 20);
      }
    },
  );

  it('give as many predictions as are asked for, from the first on', () => {
    const windows = cutWindows([text(14), text(5, 50)], { length: 8, limit: everything });
    const ahead = firstPredictions(windows, 12);
    expect(ahead).toEqual([windows[0], windows[1], { ids: text(5, 8), from: 4 }]);
    expect(countPredictions(ahead)).toBe(12);
    expect(firstPredictions(windows, 1000)).toEqual(windows);
  });
});
