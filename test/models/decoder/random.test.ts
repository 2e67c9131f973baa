/** The draws of the sampler: a function of seed and position, even, and unrelated to each other. */
import { expect, test } from 'vitest';
import { uniform } from '#octavo/models/decoder/random.js';
import { misfit } from '../../support/chi-square.js';

const bins = 32;
const evenly = Array.from({ length: bins }, () => 1 / bins);

function countBins(draws: readonly number[]): number[] {
  const counts = Array.from({ length: bins }, () => 0);
  for (const draw of draws) counts[Math.floor(draw * bins)]! += 1;
  return counts;
}

const sweep = (draw: (index: number) => number) => Array.from({ length: 40_000 }, (_, index) => draw(index));

test('the same seed and position give the same draw, others another', () => {
  expect(uniform(7, 3)).toBe(uniform(7, 3));
  const draws = [0, 1, 2, 2 ** 31, 2 ** 32 - 1].flatMap((seed) => [0, 1, 2, 4095].map((at) => uniform(seed, at)));
  expect(new Set(draws).size).toBe(draws.length);
});

test.each([
  ['over the positions of one seed', (i: number) => uniform(1, i)],
  ['over the positions of seed 0', (i: number) => uniform(0, i)],
  ['over neighbouring seeds at the first position', (i: number) => uniform(i, 0)],
  ['over neighbouring seeds at a later position', (i: number) => uniform(i, 1000)],
  ['over large seeds', (i: number) => uniform(2 ** 32 - 1 - i, 17)],
  // The choices of one request use seed, seed + 1, …: what differs between them must be even, too.
  ['between neighbouring seeds', (i: number) => (1 + uniform(i + 1, 9) - uniform(i, 9)) % 1],
  ['between neighbouring positions', (i: number) => (1 + uniform(5, i + 1) - uniform(5, i)) % 1],
  ['between the high and the low bits', (i: number) => (1 + ((uniform(3, i) * 2 ** 27) % 1) - uniform(3, i)) % 1],
  ['in the low bits', (i: number) => (uniform(3, i) * 2 ** 27) % 1],
])('draws are even %s', (_, draw) => {
  const draws = sweep(draw);
  expect(Math.min(...draws.slice(0, 10_000))).toBeGreaterThanOrEqual(0);
  expect(Math.max(...draws.slice(0, 10_000))).toBeLessThan(1);
  expect(Math.abs(misfit(countBins(draws), evenly))).toBeLessThan(4);
});
