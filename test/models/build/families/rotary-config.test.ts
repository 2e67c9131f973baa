/** Rotary settings that no fixture has: what is inferred, and which of two places counts. */
import { describe, expect, it } from 'vitest';
import { readRotary } from '#octavo/models/build/families/rotary-config.js';

const read = (fields: object) =>
  readRotary({ max_position_embeddings: 4096, ...fields }, { headDim: 8, theta: 10_000 });
const plain = [1, 0.1, 0.01, 0.001];

function expectFrequencies(fields: object, expected: readonly number[]) {
  const { frequencies } = read(fields);
  expect(frequencies).toHaveLength(expected.length);
  frequencies.forEach((frequency, pair) => {
    expect(frequency).toBeCloseTo(expected[pair]!, 12);
  });
}

describe('the base', () => {
  it.each([
    [{}, plain],
    [{ rope_theta: 16 }, [1, 0.5, 0.25, 0.125]],
    [{ rope_theta: null, rope_scaling: null, rope_parameters: null }, plain],
    // transformers prefers what stands with the other settings.
    [{ rope_theta: 81, rope_parameters: { rope_theta: 16 } }, [1, 0.5, 0.25, 0.125]],
    [{ partial_rotary_factor: 0.5 }, [1, 0.01]],
    [
      { partial_rotary_factor: 0.5, rope_parameters: { partial_rotary_factor: 0.75 } },
      [1, 10 ** (-4 / 3), 10 ** (-8 / 3)],
    ],
  ])('of %j', (fields, expected) => {
    expectFrequencies(fields, expected);
    expect(read(fields)).toMatchObject({ amplitude: 1, context: 4096 });
  });
});

it('leaves dynamic scaling out: it begins where the context ends', () => {
  expect(read({ rope_scaling: { type: 'dynamic', factor: 4 } })).toEqual(read({}));
});

describe('llama3', () => {
  const scaling = { rope_type: 'llama3', factor: 10, low_freq_factor: 1, high_freq_factor: 4 };

  it('keeps what turns often, slows what turns rarely, and blends between', () => {
    const trained = 1256;
    const turns = (trained * 0.01) / (2 * Math.PI); // 2.0: of the third pair; the others turn 200, 20 and 0.2 times
    const share = (turns - 1) / 3;
    expectFrequencies({ rope_scaling: { ...scaling, original_max_position_embeddings: trained } }, [
      ...[1, 0.1, 0.001 * (1 - share) + 0.01 * share, 0.0001],
    ]);
  });

  it('takes the context of the first training from beside the settings first', () => {
    const inside = { ...scaling, original_max_position_embeddings: 100 };
    const beside = read({ rope_scaling: inside, original_max_position_embeddings: 628 });
    expect(beside).toEqual(read({ rope_scaling: { ...scaling, original_max_position_embeddings: 628 } }));
  });
});

describe('yarn', () => {
  const scaling = { rope_type: 'yarn', factor: 4, original_max_position_embeddings: 1024 };

  it.each([
    [{}, 0.1 * Math.log(4) + 1],
    [{ factor: 0.5 }, 1],
    [{ factor: null }, 0.1 * Math.log(4096 / 1024) + 1],
    [{ mscale: 1 }, 0.1 * Math.log(4) + 1],
    [{ mscale: 2, mscale_all_dim: 1 }, (0.2 * Math.log(4) + 1) / (0.1 * Math.log(4) + 1)],
    [{ attention_factor: 1.5, mscale: 2, mscale_all_dim: 1 }, 1.5],
  ])('with %j has the amplitude %d', (fields, amplitude) => {
    expect(read({ rope_scaling: { ...scaling, ...fields } }).amplitude).toBeCloseTo(amplitude, 12);
  });
});

describe('longrope', () => {
  const scaling = { rope_type: 'longrope', short_factor: [1, 2, 4, 8], long_factor: [8, 8, 8, 8] };

  it('serves the context of the first training with the short divisors', () => {
    const rotary = read({ rope_scaling: scaling, original_max_position_embeddings: 512 });
    expect(rotary.context).toBe(512);
    expect(rotary.amplitude).toBeCloseTo(Math.sqrt(1 + Math.log(8) / Math.log(512)), 12);
    expectFrequencies({ rope_scaling: scaling }, [1, 0.05, 0.0025, 0.000125]);
  });

  it('is also what the other names of early Phi-3 files mean', () => {
    const named = (type: string) => read({ rope_scaling: { ...scaling, rope_type: undefined, type } });
    expect(named('su')).toEqual(named('longrope'));
    expect(named('yarn')).toEqual(named('longrope'));
  });

  it('needs no amplitude where nothing is extended', () => {
    expect(read({ rope_scaling: scaling })).toMatchObject({ amplitude: 1, context: 4096 });
    expect(read({ rope_scaling: { ...scaling, attention_factor: 1.2 } }).amplitude).toBe(1.2);
  });
});
