/** Quantising against the formula, and transposing against the definition. */
import { expect, it } from 'vitest';
import { quantiseWeights } from '#octavo/models/build/weights/quantise.js';
import { transposeInto } from '#octavo/models/build/weights/transpose.js';
import { randomValues } from '../../../support/random-values.js';

it.each([127, 63] as const)('rounds each weight to the nearest of %i steps each way', (limit) => {
  const [rows, columns] = [7, 33];
  const block = randomValues(rows * columns, 3, limit);
  const { values, scales } = quantiseWeights(block, columns, limit);
  for (let row = 0; row < rows; row++) {
    const weights = [...block.subarray(row * columns, (row + 1) * columns)];
    const scale = Math.fround(Math.max(...weights.map(Math.abs)) / limit);
    expect(scales[row]).toBe(scale);
    expect([...values.subarray(row * columns, (row + 1) * columns)]).toEqual(
      weights.map((weight) => Math.round(weight / scale) + 0),
    );
  }
  expect(Math.max(...values.map(Math.abs))).toBe(limit);
});

it('gives a row of zeros, or of numbers too small for a float32 scale, scale 1', () => {
  const { values, scales } = quantiseWeights(Float32Array.of(0, 0, 1e-44, -1e-45, 2, -1.5), 2, 127);
  expect([...scales]).toEqual([1, 1, Math.fround(2 / 127)]);
  expect([...values]).toEqual([0, 0, 0, 0, 127, -95]);
});

it('transposes blocks of any height into their columns', () => {
  const [rows, columns] = [150, 5];
  const block = Float32Array.from({ length: rows * columns }, (_, i) => i);
  const target = new Float32Array(columns * (rows + 3));
  transposeInto(target, { stride: rows + 3, column: 2 }, { block, columns });
  for (let column = 0; column < columns; column++) {
    const expected = [0, 0, ...Array.from({ length: rows }, (_, row) => block[row * columns + column]), 0];
    expect([...target.subarray(column * (rows + 3), (column + 1) * (rows + 3))]).toEqual(expected);
  }
});
