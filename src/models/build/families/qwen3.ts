/** Qwen3 (arXiv 2505.09388): Qwen2 without its biases, with a norm of each query and key. */
import { drawPreNormDecoder } from '../graph/pre-norm-decoder.js';
import { readFlag } from './config-fields.js';
import { readGatedDecoder, requireNonlinearity } from './decoder-config.js';
import type { Family } from './family.js';
import { qwenLayers } from './qwen2.js';

export const qwen3: Family = {
  modelType: 'qwen3',
  plan(config) {
    requireNonlinearity(config, 'hidden_act', ['silu']);
    const base = readGatedDecoder(config, { tied: false, theta: 10_000, headDim: 128 });
    const attentionBias = readFlag(config, 'attention_bias');
    const model = {
      ...base,
      attention: { ...base.attention, headNorm: base.norm },
      layers: qwenLayers(config, base),
      bias: { qkv: attentionBias, output: attentionBias, mlp: false },
    };
    return { shape: model.shape, draw: (context) => drawPreNormDecoder(context, model) };
  },
};
