/** Which builds can have their KV cache in int8. */
import { OctavoError } from '../../errors.js';
import { canRoundCache, type Precision } from '../manifest.js';
import { familyOf } from './families/families.js';
import type { JsonObject } from './json.js';
import { readConfig } from './source/checkpoint-source.js';
import { randomSource } from './source/random-source.js';

/** Throws `invalid_config` for others, naming what stands against it, and what reading a checkpoint's config.json throws. */
export async function checkInt8Cache(
  source: { readonly folder: string } | { readonly shape: string },
  precision: Precision,
): Promise<void> {
  checkCacheOf('folder' in source ? await readConfig(source.folder) : randomSource(source.shape, 0).config, precision);
}

/** The same of a config.json. */
export function checkCacheOf(config: JsonObject, precision: Precision): void {
  const { output, encoder } = familyOf(config).plan(config);
  const task = output?.task ?? 'generate';
  if (canRoundCache({ precision, task, encoder })) return;
  const why =
    output !== undefined
      ? `a model of the type ${config.model_type} has no KV cache`
      : encoder !== undefined
        ? `an encoder-decoder (${config.model_type}) keeps its caches in float32`
        : `${precision} keeps it in float16, for GPUs`;
  const message = `The KV cache cannot be int8 here: ${why}. It can in CPU builds of decoders in int8, int8-weight, int4-weight or fp32.`;
  throw new OctavoError('invalid_config', message);
}
