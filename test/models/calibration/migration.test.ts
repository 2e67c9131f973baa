/** How much range is moved: as much as helps, and none where it does not. */
import { describe, expect, it } from 'vitest';
import { chooseExponents, type LayerSample } from '#octavo/models/calibration/migration.js';
import { randomValues } from '../../support/random-values.js';

const channels = 64;
const straight = Int32Array.from({ length: channels }, (_, channel) => channel);

/** `loud`: activations in these channels are so many times as large, and the weights that meet them as small. */
function sample(loud: ReadonlyMap<number, number>, rowOf = straight, rows = channels): LayerSample {
  const scaled = (count: number, seed: number, power: 1 | -1) =>
    randomValues(count * channels, 1, seed).map((value, index) => value * (loud.get(index % channels) ?? 1) ** power);
  return { x: scaled(40, 1, 1), weights: scaled(30, 2, -1), rowOf, rows };
}

describe('what moves', () => {
  it('is nothing where no channel stands out', () => {
    expect(chooseExponents(sample(new Map()))).toBeUndefined();
    expect(chooseExponents(sample(new Map([[3, 1.5]])))).toBeUndefined();
  });

  it('is the range of the channels that stand out', () => {
    const exponents = chooseExponents(
      sample(
        new Map([
          [7, 64],
          [20, 256],
        ]),
      ),
    );
    expect(exponents?.[7]).toBeGreaterThanOrEqual(5);
    expect(exponents?.[20]).toBeGreaterThanOrEqual(7);
    expect(exponents?.filter((exponent) => exponent <= 1)).toHaveLength(channels - 2);
  });

  it('is nothing where the weights would lose what the activations gain', () => {
    const { x, weights, ...rest } = sample(new Map([[7, 64]]));
    const heavy = weights.map((value, index) => (index % channels === 7 ? value * 64 * 64 : value));
    expect(chooseExponents({ x, weights: heavy, ...rest })).toBeUndefined();
  });

  it('is one factor for all channels that one row makes, and none for rows that make none', () => {
    const rowOf = straight.map((channel) => 100 + (channel % 16));
    const exponents = chooseExponents(sample(new Map([[7, 128]]), rowOf, 116));
    expect(exponents?.[107]).toBeGreaterThanOrEqual(2);
    expect(exponents?.slice(0, 100).every((exponent) => exponent === 0)).toBe(true);
  });

  it('is the range of a channel that no weight meets', () => {
    const { x, weights, ...rest } = sample(new Map([[7, 1000]]));
    const without = weights.map((value, index) => (index % channels === 7 ? 0 : value));
    expect(chooseExponents({ x, weights: without, ...rest })?.[7]).toBeGreaterThanOrEqual(6);
  });
});
