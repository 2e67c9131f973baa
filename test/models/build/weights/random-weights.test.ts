/** Random weights: the same whichever way they are read, of the promised size. */
import { expect, it } from 'vitest';
import { RandomWeights } from '#octavo/models/build/weights/random-weights.js';

function weights(seed: number): RandomWeights {
  const random = new RandomWeights(seed);
  random.expect('a.weight', [400, 100]);
  random.expect('b.weight', [400, 100]);
  random.expect('model.norm.weight', [100]);
  return random;
}

it('is a function of seed, name and index', async () => {
  const whole = await weights(1).read('a.weight', 0, 40_000);
  expect(await weights(1).read('a.weight', 12_345, 10)).toEqual(whole.subarray(12_345, 12_355));
  expect(await weights(2).read('a.weight', 0, 40_000)).not.toEqual(whole);
  expect(await weights(1).read('b.weight', 0, 40_000)).not.toEqual(whole);
});

it('has mean 0 and deviation 1 / sqrt(columns), norms of 1', async () => {
  const values = await weights(3).read('a.weight', 0, 40_000);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const deviation = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
  expect(Math.abs(mean)).toBeLessThan(0.002);
  expect(deviation).toBeGreaterThan(0.098);
  expect(deviation).toBeLessThan(0.102);
  expect(await weights(3).read('model.norm.weight', 0, 2)).toEqual(Float32Array.of(1, 1));
});
