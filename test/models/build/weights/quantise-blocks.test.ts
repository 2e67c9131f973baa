/** Quantising in blocks against the formula, and four bits against simpler choices of a scale. */
import { expect, it } from 'vitest';
import { nearestHalf } from '#octavo/models/build/weights/float-format.js';
import { type BlockBits, quantiseBlocks } from '#octavo/models/build/weights/quantise-blocks.js';
import { dequantiseBlocks } from '../../../support/block-weights.js';
import { randomValues } from '../../../support/random-values.js';

it('keeps each weight within half a step in eight bits, with the largest of a block at the end of the range', () => {
  const [rows, columns] = [5, 70];
  const weights = randomValues(rows * columns, 3, 1);
  const { values, scales } = quantiseBlocks(weights, columns, { bits: 8 });
  expect(values).toHaveLength(rows * 96);
  const restored = dequantiseBlocks({ values, scales }, columns, 8);
  for (const [index, weight] of weights.entries()) {
    const scale = scales[Math.floor(index / columns) * 3 + Math.floor((index % columns) / 32)]!;
    expect(Math.abs(weight - restored[index]!)).toBeLessThanOrEqual(scale * 0.5001);
  }
  const first = [...weights.subarray(0, 32)];
  expect(scales[0]).toBe(Math.fround(Math.max(...first.map(Math.abs)) / 127));
  // What fills up the last block is zero.
  expect([...values.subarray(70, 96)]).toEqual(Array.from({ length: 26 }, () => 128));
});

it('errs less in four bits than with the scale that keeps the largest weight', () => {
  const columns = 32;
  let [chosen, plain] = [0, 0];
  for (let seed = 0; seed < 200; seed++) {
    const weights = randomValues(columns, 1, seed).map((value) => value ** 3);
    const restored = dequantiseBlocks(quantiseBlocks(weights, columns, { bits: 4 }), columns, 4);
    const peak = weights.reduce((most, value) => (Math.abs(value) > Math.abs(most) ? value : most), 0);
    chosen += squaredError(weights, restored);
    plain += squaredError(
      weights,
      weights.map((value) => (Math.max(-8, Math.min(7, Math.round((-8 * value) / peak))) * peak) / -8),
    );
  }
  expect(chosen).toBeLessThan(0.95 * plain);
});

it('puts the first of two weights into the low half of a byte', () => {
  const weights = new Float32Array(32).fill(-8);
  weights[1] = 7;
  expect(quantiseBlocks(weights, 32, { bits: 4 }).values[0]).toBe(0xf0);
});

it.each([8, 4] as const)('gives a block of zeros, or of numbers too small for a scale, scale 1 in %i bits', (bits) => {
  const weights = new Float32Array(64);
  weights[40] = 1e-45;
  const { values, scales } = quantiseBlocks(weights, 64, { bits: bits satisfies BlockBits });
  expect(scales[0]).toBe(1);
  expect(values.subarray(0, 4 * bits)).toEqual(new Uint8Array(4 * bits).fill(bits === 8 ? 128 : 0x88));
  expect(scales.every((scale) => Number.isFinite(scale) && scale !== 0)).toBe(true);
});

it.each([8, 4] as const)('divides by a scale that float16 has where it will be stored so, in %i bits', (bits) => {
  const weights = randomValues(64 * 32, 0.02, 9);
  const { scales, values } = quantiseBlocks(weights, 32, { bits, halfScales: true });
  expect([...scales].map(nearestHalf)).toEqual([...scales]);
  const plain = quantiseBlocks(weights, 32, { bits });
  const half = squaredError(weights, dequantiseBlocks({ values, scales }, 32, bits));
  // Codes of the float32 scale, read with the rounded one, err no less.
  const rounded = plain.scales.map(nearestHalf);
  expect(half).toBeLessThanOrEqual(squaredError(weights, dequantiseBlocks({ ...plain, scales: rounded }, 32, bits)));
  expect(half).toBeLessThan(1.01 * squaredError(weights, dequantiseBlocks(plain, 32, bits)));
  // Too small for float16's smallest step.
  expect(
    quantiseBlocks(
      weights.map((value) => value * 1e-7),
      32,
      { bits, halfScales: true },
    ).scales[0],
  ).toBe(1);
});

function squaredError(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, index) => sum + (value - b[index]!) ** 2, 0);
}
