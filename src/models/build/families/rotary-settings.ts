/** The rotary settings that config.json files may have, whatever the type of scaling. */
import { z } from 'zod';
import { size } from './config-fields.js';

export const positiveBase = z.number().min(1).max(1e12);
const ratio = z.number().positive().max(1e6);

/** Text, numbers and lists may be added; settings by layer, which are objects, must not pass unseen. */
export const settingsSchema = z
  .object({
    rope_type: z.string().nullish(),
    type: z.string().nullish(),
    rope_theta: positiveBase.nullish(),
    partial_rotary_factor: z.number().positive().max(1).nullish(),
    factor: ratio.nullish(),
    original_max_position_embeddings: size(1 << 24).nullish(),
    attention_factor: ratio.nullish(),
    low_freq_factor: ratio.nullish(),
    high_freq_factor: ratio.nullish(),
    beta_fast: ratio.nullish(),
    beta_slow: ratio.nullish(),
    mscale: z.number().nonnegative().max(1e6).nullish(),
    mscale_all_dim: z.number().nonnegative().max(1e6).nullish(),
    truncate: z.boolean().nullish(),
    short_factor: z.array(ratio).max(1024).nullish(),
  })
  .catchall(z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(z.number())]));

export type RotarySettings = z.infer<typeof settingsSchema>;
