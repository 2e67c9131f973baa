/** Perplexity, agreement and distances against numbers computed by hand. */
import { expect, it } from 'vitest';
import { addComparisons, compareLogits, nothingCompared, summarise } from '#octavo/models/receipt/comparison.js';

const ln = Math.log;

// Logits that are logarithms of probabilities, up to a constant that softmax removes.
const reference = Float32Array.from([ln(0.5), ln(0.25), ln(0.25), ln(0.125) + 7, ln(0.125) + 7, ln(0.75) + 7]);
const model = Float32Array.from([ln(0.25), ln(0.5), ln(0.25), ln(0.25) + 7, ln(0.25) + 7, ln(0.5) + 7]);

it('computes perplexity as the inverse geometric mean of the true tokens’ probabilities', () => {
  const { perplexity } = summarise(compareLogits({ reference, model, targets: [0, 2] }));
  const expected = [1 / Math.sqrt(0.5 * 0.75), 1 / Math.sqrt(0.25 * 0.5)] as const;
  expect(perplexity.reference).toBeCloseTo(expected[0], 6);
  expect(perplexity.model).toBeCloseTo(expected[1], 6);
  expect(perplexity.change).toBeCloseTo(expected[1] / expected[0] - 1, 6);
});

it('gives the standard error of the change', () => {
  const { perplexity } = summarise(compareLogits({ reference, model, targets: [0, 2] }));
  // The losses differ by ln 2 and by ln 1.5.
  const [a, b] = [ln(2), ln(1.5)];
  const deviation = Math.abs(a - b) / 2;
  expect(perplexity.error).toBeCloseTo((Math.exp((a + b) / 2) * deviation) / Math.sqrt(2), 6);
});

it('gives the mean divergence from the reference’s predictions', () => {
  const { divergence } = summarise(compareLogits({ reference, model, targets: [0, 2] }));
  const first = 0.5 * ln(0.5 / 0.25) + 0.25 * ln(0.25 / 0.5);
  const second = 2 * 0.125 * ln(0.125 / 0.25) + 0.75 * ln(0.75 / 0.5);
  expect(divergence).toBeCloseTo((first + second) / 2, 6);
});

it('counts the positions whose most likely token is the same, ties to the lower id', () => {
  expect(summarise(compareLogits({ reference, model, targets: [0, 2] })).agreement).toBe(0.5);
  const tied = Float32Array.from([1, 1, 0]);
  const first = Float32Array.from([2, 0, 0]);
  expect(summarise(compareLogits({ reference: tied, model: first, targets: [2] })).agreement).toBe(1);
});

it('gives the largest and the mean difference of all logits', () => {
  const { logits } = summarise(
    compareLogits({
      reference: Float32Array.from([1, 2, 3, 4]),
      model: Float32Array.from([1, 2.5, 3, 2]),
      targets: [0, 1],
    }),
  );
  expect(logits).toEqual({ largest: 2, mean: 2.5 / 4 });
});

it('finds no difference between a model and itself', () => {
  const same = summarise(compareLogits({ reference, model: reference, targets: [1, 0] }));
  expect(same).toMatchObject({
    perplexity: { change: 0, error: 0 },
    divergence: 0,
    agreement: 1,
    logits: { largest: 0, mean: 0 },
  });
});

it('keeps its numbers with logits far beyond the range of exp', () => {
  const far = Float32Array.from([1000, 999, -1000]);
  const { perplexity } = summarise(compareLogits({ reference: far, model: far, targets: [1] }));
  expect(perplexity.reference).toBeCloseTo(1 + Math.E, 5);
});

it('gives the same sums whole and in parts', () => {
  const half = (values: Float32Array, index: number) => values.subarray(index * 3, index * 3 + 3);
  const parts = [0, 1].map((index) =>
    compareLogits({ reference: half(reference, index), model: half(model, index), targets: [index * 2] }),
  );
  expect(parts.reduce(addComparisons, nothingCompared)).toEqual(compareLogits({ reference, model, targets: [0, 2] }));
});
