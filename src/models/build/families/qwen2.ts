/** Qwen2 and Qwen2.5 (arXiv 2407.10671): Llama with biases on query, key and value. */
import { z } from 'zod';
import type { GatedDecoder } from '../graph/gated-decoder.js';
import { drawPreNormDecoder } from '../graph/pre-norm-decoder.js';
import type { JsonObject } from '../json.js';
import { maxLayers, readFields, readFlag } from './config-fields.js';
import { readGatedDecoder, requireNonlinearity, withWindows } from './decoder-config.js';
import type { Family } from './family.js';
import { readSlidingLayers, readWindow } from './layer-types.js';

export const qwen2: Family = {
  modelType: 'qwen2',
  plan(config) {
    requireNonlinearity(config, 'hidden_act', ['silu']);
    const model = readGatedDecoder(config, { tied: false, theta: 10_000 });
    const bias = { qkv: true, output: false, mlp: false };
    const layers = qwenLayers(config, model);
    return { shape: model.shape, draw: (context) => drawPreNormDecoder(context, { ...model, bias, layers }) };
  },
};

const schema = z.object({ max_window_layers: z.int().nonnegative().max(maxLayers).nullish() });

/** With `use_sliding_window` the layers from `max_window_layers` on have windows. */
export function qwenLayers(config: JsonObject, model: GatedDecoder): GatedDecoder['layers'] {
  const window = readFlag(config, 'use_sliding_window') ? (readWindow(config) ?? 4096) : null;
  const first = readFields(config, schema).max_window_layers ?? 28;
  const sliding = readSlidingLayers(config, model.shape.layers, (layer) => layer >= first);
  return withWindows(
    model,
    sliding.map((slides) => (slides ? window : null)),
  );
}
