/** Decode steps padded to few numbers of rows: which, and where the rows that stand for nothing write. */
import { describe, expect, it } from 'vitest';
import { RowBuckets } from '#octavo/models/decoder/row-buckets.js';

const capacity = 64;
const rowsOf = (rows: number, most = 40) => {
  const buckets = new RowBuckets({ rows: most, capacity });
  return buckets.pad(decoding(Array.from({ length: rows }, () => 5))).ids.length;
};

describe('rows of a decode step', () => {
  it('are padded to few numbers', () => {
    const padded = Array.from({ length: 24 }, (_, index) => rowsOf(index + 1));
    expect(padded).toEqual([1, 2, 3, 4, ...repeat(8, 4), ...repeat(16, 8), ...repeat(24, 8)]);
  });

  it('are never more than the cache has', () => {
    expect(rowsOf(5, 6)).toBe(6);
    expect(rowsOf(35, 38)).toBe(38);
  });

  it('that stand for nothing write behind what their places hold, after prompts, chunks, steps and moves', () => {
    const buckets = new RowBuckets({ rows: 8, capacity });
    buckets.note({ firstRow: 0, ids: [[1, 2], [1], [1, 2, 3]], past: [0, 0, 0] });
    buckets.note({ firstRow: 3, ids: [[1, 2, 3, 4]], past: [0] });
    buckets.note({ firstRow: 3, ids: [[5, 6]], past: [4] });
    expect(idle(buckets, 5)).toEqual([0, 0, 0]);
    buckets.note({ firstRow: 5, ids: [[1, 2, 3], [1], [1]], past: [0, 0, 0] });
    expect(idle(buckets, 5)).toEqual([3, 1, 1]);
    buckets.note(decoding([2, 1, 3, 6, 9, 3]));
    buckets.move({ from: 5, to: 7 });
    expect(idle(buckets, 5)).toEqual([0, 1, 4]);
    buckets.release();
    expect(idle(buckets, 5)).toEqual([0, 0, 0]);
  });

  it('write into a full row at its end', () => {
    const buckets = new RowBuckets({ rows: 6, capacity });
    buckets.note({ firstRow: 5, ids: [Array.from({ length: capacity }, () => 1)], past: [0] });
    expect(idle(buckets, 5)).toEqual([capacity - 1]);
  });
});

const decoding = (past: readonly number[]) => ({ firstRow: 0, ids: past.map(() => [1]), past });
const idle = (buckets: RowBuckets, rows: number) =>
  buckets.pad(decoding(Array.from({ length: rows }, () => 9))).past.slice(rows);
const repeat = (value: number, count: number) => Array.from({ length: count }, () => value);
