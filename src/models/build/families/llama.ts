/** Llama 1 to 3 (arXiv 2302.13971, 2407.21783), SmolLM2 and the many others that share its model_type. */
import { drawPreNormDecoder } from '../graph/pre-norm-decoder.js';
import { readFlag } from './config-fields.js';
import { readGatedDecoder, requireNonlinearity } from './decoder-config.js';
import type { Family } from './family.js';

export const llama: Family = {
  modelType: 'llama',
  plan(config) {
    requireNonlinearity(config, 'hidden_act', ['silu']);
    const attentionBias = readFlag(config, 'attention_bias');
    const model = {
      ...readGatedDecoder(config, { tied: false, theta: 10_000 }),
      bias: { qkv: attentionBias, output: attentionBias, mlp: readFlag(config, 'mlp_bias') },
    };
    return { shape: model.shape, draw: (context) => drawPreNormDecoder(context, model) };
  },
};
