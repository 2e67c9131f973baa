/** The body of `POST /v1/classify`. */
import { z } from 'zod';
import type { ServerLimits } from '../limits.js';
import { inputFields } from './input-fields.js';

/** What the page to try the API sends first. */
const example = { input: ['The room was lovely.', 'Nobody answered the phone.'] };

export function classifySchema(limits: ServerLimits) {
  return z.strictObject(inputFields(limits)).meta({ examples: [example] });
}

export type ClassifyBody = z.infer<ReturnType<typeof classifySchema>>;
