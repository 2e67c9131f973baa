/** The vector of a text from the states of its tokens; what pads them counts for nothing. */
import { expect, it } from 'vitest';
import { poolStates, type StatePooling } from '#octavo/models/encoder/pool-states.js';

/** Three tokens of two channels, and padding. */
const states = Float32Array.of(1, -2, 3, 4, 5, -8, 100, 100);

function pool(kind: StatePooling['kind'], { normalise = false, from = states } = {}): number[] {
  const vector = new Float32Array(2);
  poolStates(from, { tokens: 3, pooling: { kind, normalise }, vector });
  return [...vector];
}

it.each([
  ['cls', [1, -2]],
  ['last', [5, -8]],
  ['mean', [3, -2]],
  ['max', [5, 4]],
  ['mean-sqrt', [9 / Math.sqrt(3), -6 / Math.sqrt(3)].map(Math.fround)],
] as const)('%s', (kind, expected) => {
  expect(pool(kind)).toEqual(expected);
});

it('has length 1 where the modules say so, unless it is zero', () => {
  const [x, y] = pool('mean', { normalise: true });
  expect(x).toBeCloseTo(3 / Math.sqrt(13), 6);
  expect(y).toBeCloseTo(-2 / Math.sqrt(13), 6);
  expect(pool('mean', { normalise: true, from: new Float32Array(8) })).toEqual([0, 0]);
});
