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
    max_tokens: z
      .int()
      .min(1)
      .optional()
      .describe('Tokens to generate at most. Default: 16 in completions, what the context leaves in chats.'),
    min_tokens: z
      .int()
      .min(0)
      .optional()
      .describe('No stop or end token before this many tokens; 0 to max_tokens. Default 0.'),
    n: z
      .int()
      .min(1)
      .max(limits.maxN)
      .optional()
      .describe(`Choices for each prompt, 1 to ${limits.maxN}; choice i uses seed + i. Default 1.`),
  };
}

function drawFields(limits: ServerLimits) {
  const penalty = z.number().min(-2).max(2).optional();
  return {
    temperature: z.number().min(0).max(2).optional().describe('0 (greedy) to 2. Default: the model’s own, else 1.'),
    top_p: z
      .number()
      .gt(0)
      .max(1)
      .optional()
      .describe(
        'The likeliest tokens that have this share of the probability together. Default: the model’s own, else 1.',
      ),
    top_k: z
      .int()
      .min(-1)
      .optional()
      .describe('So many of the likeliest tokens; 0 or -1 is off. Default: the model’s own, else off.'),
    min_p: z
      .number()
      .min(0)
      .max(1)
      .optional()
      .describe('No token below this share of the likeliest one’s probability. Default 0, off.'),
    presence_penalty: penalty.describe('Taken from the logit of a token that the answer has already. Default 0.'),
    frequency_penalty: penalty.describe('Taken from the logit of a token each time that the answer has it. Default 0.'),
    repetition_penalty: z
      .number()
      .gt(0)
      .max(2)
      .optional()
      .describe('Above 1, tokens of the prompt and the answer become less likely; below 1, likelier. Default 1, off.'),
    logit_bias: boundedRecord(z.number().min(-100).max(100), {
      keys: z.string().regex(/^(?:0|[1-9]\d{0,9})$/, 'keys must be token ids'),
      max: limits.maxLogitBias,
    })
      .optional()
      .describe(
        `Added to logits: token ids, up to ${limits.maxLogitBias}, each with a bias from -100 to 100. Default: none.`,
      ),
    seed: z
      .number()
      .min(-seedLimit, seedFault)
      .max(seedLimit, seedFault)
      .refine(Number.isInteger, seedFault)
      .optional()
      .describe(
        'A whole number of 64 bits, folded to 32 bits. The same seed and prompt give the same answer. Default: random.',
      ),
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
      .describe(`Text that ends the answer and is not part of it, or up to ${limits.maxStops} of them. Default: none.`),
    stop_token_ids: boundedArray(z.int().min(0), { max: limits.maxStopTokens })
      .optional()
      .describe(`Up to ${limits.maxStopTokens} tokens that end the answer, beside the model’s own. Default: none.`),
    prompt_lookup_num_tokens: z
      .int()
      .min(0)
      .max(limits.maxDraftTokens)
      .optional()
      .describe(
        'Tokens to guess at once from the prompt and the answer so far; 0 is off. Default: the server’s own, off.',
      ),
    ignore_eos: z.boolean().optional().describe('Whether to generate past the model’s own end tokens. Default false.'),
  };
}

function streamFields() {
  return {
    stream: z.boolean().optional().describe('Whether the answer comes in chunks, as it is written. Default false.'),
    stream_options: z
      .strictObject({
        include_usage: z.boolean().nullish().describe('Whether one more chunk has the usage. Default false.'),
        include_obfuscation: z
          .literal(false, 'only false is supported')
          .nullish()
          .describe('OpenAI’s padding of chunks: false, as there is none.'),
      })
      .optional()
      .describe('Only with stream.'),
  };
}

function filterFields() {
  return {
    content_filter_results: z
      .boolean()
      .optional()
      .describe(
        'Whether to answer with what the safety filter thought of prompt and output, as Azure has it. Default: the server’s own, false.',
      ),
  };
}

/** Accepted for OpenAI's clients; none of them changes the answer. */
function hintFields() {
  const label = z.string().max(512).optional().describe('A hint of up to 512 characters, without effect.');
  return {
    user: label,
    safety_identifier: label,
    prompt_cache_key: label,
    metadata: boundedRecord(z.string().max(512), { keys: z.string().max(64), max: 16 })
      .optional()
      .describe('A hint, up to 16 texts by name, without effect: nothing is stored.'),
    store: z.boolean().optional().describe('A hint without effect: nothing is stored.'),
    service_tier: z
      .enum(['auto', 'default', 'flex', 'scale', 'priority'])
      .optional()
      .describe('A hint; the answer names the tier that served, default.'),
    reasoning_effort: z
      .enum(['none', 'minimal', 'low', 'medium', 'high', 'xhigh'])
      .optional()
      .describe('A hint without effect.'),
    verbosity: z.enum(['low', 'medium', 'high']).optional().describe('A hint without effect.'),
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
