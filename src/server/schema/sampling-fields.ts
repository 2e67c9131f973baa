/** The request fields that completions and chat completions share: length, sampling, stopping, streaming and hints. */
import { z } from 'zod';
import type { ServerLimits } from '../limits.js';
import { boundedArray, boundedRecord } from './bounded.js';

/** OpenAI's range of a seed; JSON numbers beyond 2^53 arrive rounded, which a seed does not mind. */
const seedLimit = 2 ** 63;
const seedFault = 'expected a whole number of 64 bits';

function lengthFields(limits: ServerLimits) {
  return {
    model: z.string().min(1).max(256).optional().describe('Id of a model; the default model when absent.'),
    max_tokens: z.int().min(1).optional().describe('Tokens to generate at most.'),
    min_tokens: z.int().min(0).optional().describe('No stop or end token before this many tokens.'),
    n: z.int().min(1).max(limits.maxN).optional().describe('Choices for each prompt; choice i uses seed + i.'),
  };
}

function drawFields(limits: ServerLimits) {
  const penalty = z.number().min(-2).max(2).optional();
  return {
    temperature: z.number().min(0).max(2).optional().describe('0 is greedy. Default: the model’s own, else 1.'),
    top_p: z.number().gt(0).max(1).optional().describe('Default: the model’s own, else 1.'),
    top_k: z.int().min(-1).optional().describe('0 or -1 is off. Default: the model’s own, else off.'),
    min_p: z.number().min(0).max(1).optional(),
    presence_penalty: penalty,
    frequency_penalty: penalty,
    repetition_penalty: z.number().gt(0).max(2).optional(),
    logit_bias: boundedRecord(z.number().min(-100).max(100), {
      keys: z.string().regex(/^(?:0|[1-9]\d{0,9})$/, 'keys must be token ids'),
      max: limits.maxLogitBias,
    })
      .optional()
      .describe('Token id to a bias between -100 and 100.'),
    seed: z
      .number()
      .min(-seedLimit, seedFault)
      .max(seedLimit, seedFault)
      .refine(Number.isInteger, seedFault)
      .optional()
      .describe('Folded to 32 bits. The same seed and prompt give the same answer; random when absent.'),
  };
}

function stopFields(limits: ServerLimits) {
  const text = z.string().min(1).max(limits.maxStopCharacters);
  return {
    stop: z
      .union(
        [text, boundedArray(text, { max: limits.maxStops })],
        `expected a string of 1 to ${limits.maxStopCharacters} characters, or at most ${limits.maxStops} of them`,
      )
      .optional()
      .describe('Text that ends the answer and is not part of it.'),
    stop_token_ids: boundedArray(z.int().min(0), { max: limits.maxStopTokens }).optional(),
    prompt_lookup_num_tokens: z
      .int()
      .min(0)
      .max(limits.maxDraftTokens)
      .optional()
      .describe(
        'Tokens to guess at once from the prompt and the answer so far; 0 is off. Default: the server’s own, off.',
      ),
    ignore_eos: z.boolean().optional().describe('Generate past the model’s own end tokens.'),
  };
}

function streamFields() {
  return {
    stream: z.boolean().optional(),
    stream_options: z
      .strictObject({
        include_usage: z.boolean().nullish(),
        include_obfuscation: z.literal(false, 'only false is supported').nullish(),
      })
      .optional(),
  };
}

function filterFields() {
  return {
    content_filter_results: z
      .boolean()
      .optional()
      .describe('Answer with what the safety filter thought of prompt and output, as Azure has it.'),
  };
}

/** Accepted for OpenAI's clients; none of them changes the answer. */
function hintFields() {
  const label = z.string().max(512).optional();
  return {
    user: label,
    safety_identifier: label,
    prompt_cache_key: label,
    metadata: boundedRecord(z.string().max(512), { keys: z.string().max(64), max: 16 }).optional(),
    store: z.boolean().optional(),
    service_tier: z.enum(['auto', 'default', 'flex', 'scale', 'priority']).optional(),
    reasoning_effort: z.enum(['none', 'minimal', 'low', 'medium', 'high', 'xhigh']).optional(),
    verbosity: z.enum(['low', 'medium', 'high']).optional(),
  };
}

export function sharedFields(limits: ServerLimits) {
  return {
    ...lengthFields(limits),
    ...drawFields(limits),
    ...stopFields(limits),
    ...streamFields(),
    ...filterFields(),
    ...hintFields(),
  };
}

export type SharedFields = z.infer<z.ZodObject<ReturnType<typeof sharedFields>>>;
