/** What config.json may say, and what is refused before anything is read. */
import { describe, expect, it } from 'vitest';
import { familyOf } from '#octavo/models/build/families/families.js';
import { tinyLlama } from '../../../support/tiny-checkpoint.js';

const plan = (fields: object) => {
  const config = { ...tinyLlama, ...fields };
  return familyOf(config).plan(config);
};

it('reads the shape, with defaults for what older files leave out', () => {
  expect(plan({}).shape).toEqual({
    ...{ layers: 2, hidden: 64, heads: 4, kvHeads: 2, headDim: 16, vocab: 96, context: 64 },
  });
  expect(plan({ num_key_value_heads: undefined }).shape.kvHeads).toBe(4);
  expect(plan({ head_dim: 32 }).shape.headDim).toBe(32);
});

it.each([
  [{ rope_scaling: null }],
  [{ rope_scaling: { rope_type: 'default' } }],
  [{ rope_parameters: { rope_type: 'default', rope_theta: 500_000 }, rope_theta: undefined }],
])('takes unscaled rotary settings %j', (fields) => {
  expect(plan(fields).shape.layers).toBe(2);
});

describe('refuses', () => {
  it.each([
    [{ model_type: 'mamba' }, /architecture mamba; supported are: llama, qwen2/],
    [{ model_type: undefined }, /no model_type/],
    [{ rope_scaling: { rope_type: 'llama3', factor: 8 } }, /scaling of type llama3/],
    [{ rope_scaling: { type: 'linear', factor: 2 } }, /scaling of type linear/],
    [{ rope_parameters: { rope_type: 'yarn' } }, /scaling of type yarn/],
    [{ partial_rotary_factor: 0.5 }, /partial_rotary_factor/],
    [{ hidden_act: 'gelu' }, /hidden_act gelu/],
    [{ quantization_config: { bits: 4 } }, /quantised already/],
    [{ model_type: 'qwen2', use_sliding_window: true }, /use_sliding_window/],
  ])('what is not supported: %j', (fields, message) => {
    expect(() => plan(fields)).toThrow(expect.objectContaining({ code: 'unsupported_model' }));
    expect(() => plan(fields)).toThrow(message);
  });

  it.each([
    [{ hidden_size: 0 }, /hidden_size/],
    [{ hidden_size: 64.5 }, /hidden_size/],
    [{ hidden_size: '64' }, /hidden_size/],
    [{ num_hidden_layers: 1e9 }, /num_hidden_layers/],
    [{ vocab_size: -1 }, /vocab_size/],
    [{ max_position_embeddings: 1e12 }, /max_position_embeddings/],
    [{ max_position_embeddings: 1 << 21, head_dim: 1024 }, /rotary tables/],
    [{ rms_norm_eps: 0 }, /rms_norm_eps/],
    [{ rope_theta: -1 }, /rope_theta/],
    [{ num_attention_heads: 5 }, /multiple of num_attention_heads 5/],
    [{ num_key_value_heads: 3 }, /multiple of num_key_value_heads 3/],
    [{ head_dim: 15 }, /must be even/],
    [{ hidden_size: 1 << 16, vocab_size: 1 << 21 }, /a matrix would hold/],
    [{ attention_bias: 'yes' }, /attention_bias must be true or false/],
  ])('what is out of range: %j', (fields, message) => {
    expect(() => plan(fields)).toThrow(expect.objectContaining({ code: 'invalid_model' }));
    expect(() => plan(fields)).toThrow(message);
  });
});
