/** Gemma (arXiv 2403.08295): Llama with gelu, scaled embeddings, and norm weights stored as differences from 1. */
import type { GatedDecoder } from '../graph/gated-decoder.js';
import { drawPreNormDecoder } from '../graph/pre-norm-decoder.js';
import type { JsonObject } from '../json.js';
import { readFlag, refuse } from './config-fields.js';
import { readGatedDecoder, requireNonlinearity } from './decoder-config.js';
import type { Family } from './family.js';

export const gemma: Family = {
  modelType: 'gemma',
  plan(config) {
    // Its first config.json files say gelu and mean the approximation by tanh, with which it was trained.
    requireNonlinearity(config, 'hidden_act', ['gelu_pytorch_tanh', 'gelu']);
    const model = readGemmaDecoder(config, 10_000);
    return { shape: model.shape, draw: (context) => drawPreNormDecoder(context, model) };
  },
};

/** What all generations of Gemma share. `theta` is the base of the rotary frequencies where config.json has none. */
export function readGemmaDecoder(config: JsonObject, theta: number): GatedDecoder {
  requireNonlinearity(config, 'hidden_activation', ['gelu_pytorch_tanh']);
  if (config.use_bidirectional_attention) refuse('use_bidirectional_attention is not supported; attention is causal.');
  const base = readGatedDecoder(config, { tied: true, theta, headDim: 256 });
  const attentionBias = readFlag(config, 'attention_bias');
  return {
    ...base,
    norm: { ...base.norm, offset: 1 },
    gate: 'gelu-tanh',
    embeddingScale: Math.sqrt(base.shape.hidden),
    bias: { qkv: attentionBias, output: attentionBias, mlp: false },
  };
}
