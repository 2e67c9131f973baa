/** The body of `POST /v1/embeddings`. */
import { z } from 'zod';
import type { ServerLimits } from '../limits.js';
import { inputFields } from './input-fields.js';

/** What the page to try the API sends first. */
const example = { input: ['When is breakfast?', 'Breakfast is served from seven to ten.'] };

export function embeddingSchema(limits: ServerLimits) {
  return z
    .strictObject({
      ...inputFields(limits),
      dimensions: z.int().min(1).optional().describe('Vectors are cut to this many numbers, at length 1 again.'),
      encoding_format: z.enum(['float', 'base64']).optional().describe('How a vector is written; float when absent.'),
    })
    .meta({ examples: [example] });
}

export type EmbeddingBody = z.infer<ReturnType<typeof embeddingSchema>>;
