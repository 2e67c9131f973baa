/** Llama (arXiv 2302.13971, 2407.21783) without rotary scaling. */
import { drawPreNormDecoder } from '../graph/pre-norm-decoder.js';
import { readDecoderConfig, readFlag } from './decoder-config.js';
import type { Family } from './family.js';

export const llama: Family = {
  modelType: 'llama',
  plan(config) {
    const attentionBias = readFlag(config, 'attention_bias');
    const bias = { qkv: attentionBias, output: attentionBias, mlp: readFlag(config, 'mlp_bias') };
    const model = { ...readDecoderConfig(config), bias };
    return { shape: model.shape, draw: (context) => drawPreNormDecoder(context, model) };
  },
};
