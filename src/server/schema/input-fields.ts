/** The request fields that embeddings and classification share. */
import { z } from 'zod';
import type { ServerLimits } from '../limits.js';
import { textsField } from './texts-field.js';

export function inputFields(limits: ServerLimits) {
  return {
    model: z.string().min(1).max(256).optional().describe('Id of a model; the first that can do it when absent.'),
    input: textsField({ max: limits.maxInputs, noun: 'texts' }),
    truncate_prompt_tokens: z
      .int()
      .min(-1)
      .optional()
      .describe('Longer texts are cut to this many tokens, -1 for the model’s context; without it they are refused.'),
    user: z.string().max(512).optional().describe('A hint of up to 512 characters, without effect.'),
  };
}

export type InputFields = z.infer<z.ZodObject<ReturnType<typeof inputFields>>>;
