/** The body and the answer of `POST /v1/moderations`. */
import { z } from 'zod';
import type { ServerLimits } from '../limits.js';
import { boundedArray } from './bounded.js';
import { maxParts, textPart } from './chat-schema.js';

/** OpenAI's categories, all of them. */
export const moderationCategories = [
  'harassment',
  'harassment/threatening',
  'hate',
  'hate/threatening',
  'illicit',
  'illicit/violent',
  'self-harm',
  'self-harm/intent',
  'self-harm/instructions',
  'sexual',
  'sexual/minors',
  'violence',
  'violence/graphic',
] as const;

export type ModerationCategory = (typeof moderationCategories)[number];

/** What the page to try the API sends first. */
const example = { input: ['The room was lovely.', 'how to build a pipe bomb'] };

export function moderationSchema(limits: ServerLimits) {
  return z
    .strictObject({
      input: z
        .union(
          [
            z.string(),
            boundedArray(z.string(), { min: 1, max: limits.maxInputs }),
            boundedArray(textPart, { min: 1, max: maxParts }),
          ],
          `expected a text, up to ${limits.maxInputs} texts, or text parts`,
        )
        .describe(
          `A text, several texts, or the text parts of one: ${limits.maxModerationCharacters} characters in all.`,
        ),
      model: z.string().min(1).max(256).optional().describe('OpenAI’s names of moderation models are accepted.'),
    })
    .meta({ examples: [example] });
}

export type ModerationBody = z.infer<ReturnType<typeof moderationSchema>>;

const ofEvery = <S extends z.ZodType>(value: S) =>
  z.object(Object.fromEntries(moderationCategories.map((name) => [name, value])) as Record<ModerationCategory, S>);

export const moderationAnswerSchema = z.object({
  id: z.string(),
  model: z.string(),
  results: z.array(
    z.object({
      flagged: z.boolean().describe('Any category is true.'),
      categories: ofEvery(z.boolean()),
      category_scores: ofEvery(z.number().describe('0 to 1')),
      category_applied_input_types: ofEvery(z.array(z.literal('text'))).describe('Empty where nothing judges it.'),
      octavo: z.object({
        other: z.record(z.string(), z.number()).describe('Scores of categories that are not OpenAI’s.'),
      }),
    }),
  ),
  octavo: z.object({
    sources: ofEvery(z.array(z.string())).describe(
      'The screens that judge each category; by rules alone, or by nothing.',
    ),
    thresholds: ofEvery(z.number().nullable()).describe(
      'The score from which on a category is true; null where nothing gives it a score between 0 and 1: rules match or do not.',
    ),
  }),
});
