/** What config.json may say, and what is refused before anything is read. */
import { describe, expect, it } from 'vitest';
import { familyOf } from '#octavo/models/build/families/families.js';
import { tinyLlama } from '../../../support/tiny-checkpoint.js';

const plan = (fields: object) => {
  const config = { ...tinyLlama, ...fields };
  return familyOf(config).plan(config);
};

const gemma3 = { model_type: 'gemma3_text', hidden_act: undefined };

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
    [{ model_type: 'mamba' }, /architecture mamba; supported are: llama, /],
    [{ model_type: undefined }, /no model_type/],
    [{ rope_scaling: { rope_type: 'mrope' } }, /scaling of type mrope is not supported; default, linear/],
    [{ hidden_act: 'gelu' }, /hidden_act "gelu" is not supported here; only silu is/],
    [{ quantization_config: { bits: 4 } }, /quantised already/],
    [{ model_type: 'qwen3', layer_types: ['full_attention', 'linear_attention'] }, /layer_types has linear_attention/],
    [{ model_type: 'gemma', hidden_act: 'silu' }, /hidden_act "silu" .* only gelu_pytorch_tanh or gelu is/],
    [{ ...gemma3, final_logit_softcapping: 30 }, /final_logit_softcapping 30/],
    [{ ...gemma3, use_bidirectional_attention: true }, /use_bidirectional_attention/],
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
    [{ rope_scaling: { type: 'linear' } }, /needs factor/],
    [{ rope_scaling: { type: 'linear', factor: -2 } }, /rope_scaling\.factor/],
    [{ rope_scaling: { rope_type: 'llama3', factor: 8 } }, /needs low_freq_factor/],
    [{ rope_scaling: { rope_type: 'llama3', factor: 8, low_freq_factor: 4, high_freq_factor: 4 } }, /smaller than/],
    [{ rope_scaling: { type: 'longrope', short_factor: [1, 2] } }, /short_factor has 2 values; there must be 8/],
    [{ rope_parameters: { full_attention: { rope_type: 'default' } } }, /rope_parameters\.full_attention/],
    [{ partial_rotary_factor: 0.05 }, /rotated part of a head, 0 of 16/],
    [{ model_type: 'mistral', sliding_window: 0 }, /sliding_window/],
    [{ model_type: 'qwen3', layer_types: ['full_attention'] }, /layer_types has 1 entries; there must be 2/],
    [{ model_type: 'smollm3', no_rope_layers: [1] }, /no_rope_layers has 1 entries; there must be 2/],
    [{ model_type: 'gemma2', hidden_act: null, attn_logit_softcapping: 0 }, /attn_logit_softcapping/],
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
