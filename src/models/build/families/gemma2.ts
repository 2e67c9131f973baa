/** Gemma 2 (arXiv 2408.00118): Gemma with norms around each block, capped scores and logits, windows in every other layer. */
import { z } from 'zod';
import type { GatedDecoder } from '../graph/gated-decoder.js';
import { drawSandwichNormDecoder } from '../graph/sandwich-norm-decoder.js';
import type { JsonObject } from '../json.js';
import { readFields } from './config-fields.js';
import { withWindows } from './decoder-config.js';
import type { Family } from './family.js';
import { readGemmaDecoder } from './gemma.js';
import { readSlidingLayers, readWindow } from './layer-types.js';

const cap = z.number().positive().max(1e6);

const schema = z.object({
  query_pre_attn_scalar: z.number().positive().max(1e6).default(256),
  attn_logit_softcapping: cap.nullable().default(50),
  final_logit_softcapping: cap.nullable().default(30),
});

export const gemma2: Family = {
  modelType: 'gemma2',
  plan(config) {
    const base = readGemmaDecoder(config, 10_000);
    const { query_pre_attn_scalar, attn_logit_softcapping, final_logit_softcapping } = readFields(config, schema);
    const model = {
      ...base,
      attention: {
        ...base.attention,
        scale: query_pre_attn_scalar ** -0.5,
        ...(attn_logit_softcapping !== null && { softcap: attn_logit_softcapping }),
      },
      layers: gemmaLayers(config, base, (layer) => layer % 2 === 0),
      ...(final_logit_softcapping !== null && { softcap: final_logit_softcapping }),
    };
    return { shape: model.shape, draw: (context) => drawSandwichNormDecoder(context, model) };
  },
};

/** `sliding` says which layers have windows where config.json has no layer_types. */
export function gemmaLayers(
  config: JsonObject,
  model: GatedDecoder,
  sliding: (layer: number) => boolean,
): GatedDecoder['layers'] {
  const window = config.sliding_window === undefined ? 4096 : readWindow(config);
  const slides = readSlidingLayers(config, model.shape.layers, sliding);
  return withWindows(
    model,
    slides.map((slide) => (slide ? window : null)),
  );
}
