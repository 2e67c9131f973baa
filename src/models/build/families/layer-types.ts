/** Which layers of a decoder see a sliding window only. */
import { z } from 'zod';
import type { JsonObject } from '../json.js';
import { check, maxLayers, readFields, refuse, size } from './config-fields.js';

const schema = z.object({
  layer_types: z.array(z.string()).max(maxLayers).nullish(),
  sliding_window: size(1 << 24).nullish(),
});

/** `sliding_window`: tokens that a token sees, itself included; null when config.json has none. */
export function readWindow(config: JsonObject): number | null {
  return readFields(config, schema).sliding_window ?? null;
}

/**
 * Whether each layer has a sliding window: `layer_types`, or what the family means in older files without it.
 * Throws `unsupported_model` for other types of layers.
 */
export function readSlidingLayers(
  config: JsonObject,
  layers: number,
  otherwise: (layer: number) => boolean,
): readonly boolean[] {
  const types = readFields(config, schema).layer_types;
  if (!types) return Array.from({ length: layers }, (_, layer) => otherwise(layer));
  check(types.length === layers, `layer_types has ${types.length} entries; there must be ${layers}.`);
  return types.map((type) => {
    if (type === 'sliding_attention') return true;
    if (type === 'full_attention') return false;
    return refuse(`layer_types has ${type.slice(0, 64)}; only full_attention and sliding_attention are supported.`);
  });
}
