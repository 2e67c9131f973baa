/** The body of `POST /v1/completions`. */
import { z } from 'zod';
import type { ServerLimits } from '../limits.js';
import { sharedFields } from './sampling-fields.js';
import { textsField } from './texts-field.js';

/** What the page to try the API sends first; made up from the fields alone it would be refused. */
const example = { prompt: 'I would like to book', max_tokens: 16 };

export function completionSchema(limits: ServerLimits) {
  return z
    .strictObject({
      prompt: textsField({ max: limits.maxPrompts, noun: 'prompts' }),
      best_of: z
        .int()
        .min(1)
        .max(limits.maxBestOf)
        .optional()
        .describe('Candidates for each prompt, of which the best n are answered; candidate i uses seed + i.'),
      ...sharedFields(limits),
    })
    .meta({ examples: [example] });
}

export type CompletionBody = z.infer<ReturnType<typeof completionSchema>>;
