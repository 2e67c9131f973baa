/** Qwen2 and Qwen2.5 (arXiv 2407.10671): Llama with biases on query, key and value. */
import { OctavoError } from '../../../errors.js';
import { drawPreNormDecoder } from '../graph/pre-norm-decoder.js';
import { readDecoderConfig, readFlag } from './decoder-config.js';
import type { Family } from './family.js';

export const qwen2: Family = {
  modelType: 'qwen2',
  plan(config) {
    if (readFlag(config, 'use_sliding_window')) {
      throw new OctavoError('unsupported_model', 'config.json: use_sliding_window must be false for qwen2.');
    }
    const bias = { qkv: true, output: false, mlp: false };
    const model = { ...readDecoderConfig(config), bias };
    return { shape: model.shape, draw: (context) => drawPreNormDecoder(context, model) };
  },
};
