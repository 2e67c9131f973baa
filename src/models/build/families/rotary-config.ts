/** The rotary settings of config.json, in the layouts of older and newer files, as frequencies. */
import { z } from 'zod';
import { plainFrequencies, type Rotary } from '../graph/rotary.js';
import type { JsonObject } from '../json.js';
import { check, readFields, refuse, size } from './config-fields.js';
import { linear, llama3, longrope, type Unscaled, yarn } from './rotary-scaling.js';
import { positiveBase, type RotarySettings, settingsSchema } from './rotary-settings.js';

const configSchema = z.object({
  max_position_embeddings: size(1 << 21),
  original_max_position_embeddings: size(1 << 24).nullish(),
  rope_theta: positiveBase.nullish(),
  partial_rotary_factor: z.number().positive().max(1).nullish(),
  rope_scaling: settingsSchema.nullish(),
  /** Where newer files keep all rotary settings. */
  rope_parameters: settingsSchema.nullish(),
});

/** `theta` is what the family means when config.json has none. Throws `invalid_model` or `unsupported_model`. */
export function readRotary(config: JsonObject, { headDim, theta }: { headDim: number; theta: number }): Rotary {
  const fields = readFields(config, configSchema);
  const settings = { ...fields.rope_parameters, ...fields.rope_scaling };
  const dimensions = Math.floor(headDim * (settings.partial_rotary_factor ?? fields.partial_rotary_factor ?? 1));
  check(
    dimensions > 0 && dimensions % 2 === 0,
    `the rotated part of a head, ${dimensions} of ${headDim}, must be even.`,
  );
  const base = settings.rope_theta ?? fields.rope_theta ?? theta;
  const maxPositions = fields.max_position_embeddings;
  const rotary = scale(settings, {
    frequencies: plainFrequencies(base, dimensions),
    base,
    maxPositions,
    trainedPositions:
      fields.original_max_position_embeddings ?? settings.original_max_position_embeddings ?? maxPositions,
  });
  check(
    rotary.context * rotary.frequencies.length <= 2 ** 28,
    `max_position_embeddings ${rotary.context} with head_dim ${headDim} makes rotary tables of more than 1 GiB.`,
  );
  return rotary;
}

function scale(settings: RotarySettings, unscaled: Unscaled): Rotary {
  const type = settings.rope_type ?? settings.type ?? 'default';
  switch (type) {
    case 'default':
    case 'dynamic':
      // `dynamic` changes the base only for sequences longer than max_position_embeddings, which are not served.
      return { frequencies: unscaled.frequencies, amplitude: 1, context: unscaled.maxPositions };
    case 'linear':
      return linear(settings, unscaled);
    case 'llama3':
      return llama3(settings, unscaled);
    case 'yarn':
      // Early files of Phi-3 say yarn and mean longrope, which alone has divisors.
      return settings.short_factor ? longrope(settings, unscaled) : yarn(settings, unscaled);
    case 'longrope':
    case 'su':
      return longrope(settings, unscaled);
    default:
      return refuse(
        `rotary scaling of type ${type.slice(0, 64)} is not supported; default, linear, dynamic, llama3, yarn and longrope are.`,
      );
  }
}
