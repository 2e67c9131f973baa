/** The choice between one batch and several, from times that are given. */
import { expect, it } from 'vitest';
import { MicroBatchPace } from '#octavo/models/decoder/micro-batch-pace.js';

/** The batches of many steps, each of which takes as long as `ms` says. */
function choices(pace: MicroBatchPace, shape: { rows: number; length: number }, ms: (batches: number) => number) {
  return Array.from({ length: 1000 }, () => {
    const batches = pace.choose(shape);
    pace.observe(shape, batches, ms(batches));
    return batches;
  });
}

const share = (chosen: readonly number[], batches: number) =>
  chosen.filter((one) => one === batches).length / chosen.length;

it('takes the faster way, after both were tried, and tries the other now and then', () => {
  const cut = choices(new MicroBatchPace(2), { rows: 32, length: 1 }, (batches) => 10 / batches);
  expect([...new Set(cut)].toSorted()).toEqual([1, 2]);
  expect(share(cut, 2)).toBeGreaterThan(0.97);
  const whole = choices(new MicroBatchPace(2), { rows: 4, length: 1 }, (batches) => 10 * batches);
  expect(share(whole, 1)).toBeGreaterThan(0.97);
});

it('learns for each size of step by itself, and again when times change', () => {
  const pace = new MicroBatchPace(3);
  choices(pace, { rows: 32, length: 64 }, (batches) => 10 / batches);
  expect(
    share(
      choices(pace, { rows: 2, length: 1 }, (batches) => batches),
      1,
    ),
  ).toBeGreaterThan(0.97);
  expect(pace.choose({ rows: 32, length: 64 })).toBe(3);
  const changed = choices(pace, { rows: 32, length: 64 }, (batches) => 10 * batches).slice(-200);
  expect(share(changed, 1)).toBeGreaterThan(0.97);
});

it('leaves a single row whole, and makes no more batches than rows', () => {
  const pace = new MicroBatchPace(4);
  expect(new Set(choices(pace, { rows: 1, length: 100 }, () => 1))).toEqual(new Set([1]));
  expect(Math.max(...choices(pace, { rows: 3, length: 1 }, (batches) => 10 / batches))).toBe(3);
});
