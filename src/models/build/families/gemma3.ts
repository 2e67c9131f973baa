/** Gemma 3, its text models (arXiv 2503.19786): Gemma 2 with normed queries and keys, and two bases of rotary positions. */
import { z } from 'zod';
import { drawSandwichNormDecoder } from '../graph/sandwich-norm-decoder.js';
import type { JsonObject } from '../json.js';
import { maxLayers, readFields, refuse, size } from './config-fields.js';
import type { Family } from './family.js';
import { readGemmaDecoder } from './gemma.js';
import { gemmaLayers } from './gemma2.js';
import { readSlidingLayers } from './layer-types.js';
import { readRotary } from './rotary-config.js';

const schema = z.object({
  query_pre_attn_scalar: z.number().positive().max(1e6).default(256),
  /** One of so many layers sees everything, in files without layer_types. */
  sliding_window_pattern: size(maxLayers).nullish(),
});

const bases = { full: 1_000_000, sliding: 10_000 };

export const gemma3: Family = {
  modelType: 'gemma3_text',
  plan(config) {
    for (const field of ['attn_logit_softcapping', 'final_logit_softcapping']) {
      if (config[field]) refuse(`${field} ${config[field]} is not supported for gemma3_text; it must be null.`);
    }
    const { query_pre_attn_scalar, sliding_window_pattern } = readFields(config, schema);
    const base = readGemmaDecoder(rotaryConfig(config, 'full_attention'), bases.full);
    const { headDim, layers: count } = base.shape;
    const local = readRotary(rotaryConfig(config, 'sliding_attention'), { headDim, theta: bases.sliding });
    const everyOther = (layer: number) => (layer + 1) % (sliding_window_pattern ?? 6) !== 0;
    const slides = readSlidingLayers(config, count, everyOther);
    const model = {
      ...base,
      attention: { ...base.attention, scale: query_pre_attn_scalar ** -0.5, headNorm: base.norm },
      layers: gemmaLayers(config, base, everyOther).map((layer, index) =>
        slides[index] ? { ...layer, rotary: local } : layer,
      ),
    };
    return { shape: model.shape, draw: (context) => drawSandwichNormDecoder(context, model) };
  },
};

const nestedSchema = z.object({
  rope_local_base_freq: z.number().nullish(),
  rope_parameters: z
    .object({
      full_attention: z.record(z.string(), z.unknown()).nullish(),
      sliding_attention: z.record(z.string(), z.unknown()).nullish(),
    })
    .nullish(),
});

/** config.json with the rotary settings of one type of layers where other families have theirs. */
function rotaryConfig(config: JsonObject, type: 'full_attention' | 'sliding_attention'): JsonObject {
  const { rope_parameters: nested, rope_local_base_freq } = readFields(config, nestedSchema);
  if (nested) return { ...config, rope_scaling: null, rope_parameters: nested[type] ?? {} };
  if (type === 'full_attention') return config;
  // In older files rope_theta and rope_scaling are those of the full layers.
  return { ...config, rope_scaling: null, rope_theta: rope_local_base_freq };
}
