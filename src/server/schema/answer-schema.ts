/** The objects that the server answers with: completions, chunks, models, errors. */
import { z } from 'zod';
import { receiptSchema } from '../../models/receipt/receipt.js';

const finishReason = z.enum(['stop', 'length', 'content_filter']);

export const usageSchema = z.object({
  prompt_tokens: z.int(),
  completion_tokens: z.int(),
  total_tokens: z.int(),
  prompt_tokens_details: z.object({ cached_tokens: z.int() }),
});

export const timingsSchema = z.object({ queue_ms: z.number(), prefill_ms: z.number(), decode_ms: z.number() });

/** As Azure has it, when it is asked for. */
const filterResultsSchema = z.record(
  z.string(),
  z.object({ filtered: z.boolean(), severity: z.enum(['safe', 'low', 'medium', 'high']) }),
);

const filtered = {
  content_filter_results: filterResultsSchema
    .optional()
    .describe('Only when asked for; in a stream with the last chunk.'),
};
const promptFiltered = {
  prompt_filter_results: z
    .array(z.object({ prompt_index: z.int(), content_filter_results: filterResultsSchema }))
    .optional()
    .describe('Only when asked for; in a stream with the first chunk.'),
};

const envelope = {
  id: z.string(),
  created: z.int().describe('Seconds since the epoch.'),
  model: z.string(),
  system_fingerprint: z.string(),
  service_tier: z.string().optional(),
  ...promptFiltered,
  timings: timingsSchema.optional().describe('Only when the server runs with timings.'),
};

const completionChoice = z.object({
  ...filtered,
  index: z.int(),
  text: z.string(),
  logprobs: z.null(),
});
const chatChoice = z.object({
  ...filtered,
  index: z.int(),
  logprobs: z.null(),
});

export const completionAnswerSchema = z.object({
  ...envelope,
  object: z.literal('text_completion'),
  choices: z.array(completionChoice.extend({ finish_reason: finishReason })),
  usage: usageSchema,
});

export const completionChunkSchema = z.object({
  ...envelope,
  object: z.literal('text_completion'),
  choices: z.array(completionChoice.extend({ finish_reason: finishReason.nullable() })),
  usage: usageSchema.nullish(),
});

export const chatAnswerSchema = z.object({
  ...envelope,
  object: z.literal('chat.completion'),
  choices: z.array(
    chatChoice.extend({
      message: z.object({ role: z.literal('assistant'), content: z.string(), refusal: z.null() }),
      finish_reason: finishReason,
    }),
  ),
  usage: usageSchema,
});

export const chatChunkSchema = z.object({
  ...envelope,
  object: z.literal('chat.completion.chunk'),
  choices: z.array(
    chatChoice.extend({
      delta: z.object({ role: z.literal('assistant').optional(), content: z.string().optional() }),
      finish_reason: finishReason.nullable(),
    }),
  ),
  usage: usageSchema.nullish(),
});

const inputUsageSchema = z.object({ prompt_tokens: z.int(), total_tokens: z.int() });

export const embeddingListSchema = z.object({
  object: z.literal('list'),
  data: z.array(
    z.object({
      object: z.literal('embedding'),
      index: z.int(),
      embedding: z
        .union([z.array(z.number()), z.string()])
        .describe('Numbers, or with `encoding_format` base64 their float32 bytes, little-endian.'),
    }),
  ),
  model: z.string(),
  usage: inputUsageSchema,
});

const scoreSchema = z.object({ label: z.string(), score: z.number() });

export const classificationListSchema = z.object({
  object: z.literal('list'),
  data: z.array(
    z.object({
      object: z.literal('classification'),
      index: z.int(),
      label: z.string().describe('The likeliest.'),
      scores: z.array(scoreSchema).describe('Every label of the model, the likeliest first; scores are 0 to 1.'),
    }),
  ),
  model: z.string(),
  usage: inputUsageSchema,
});

export const modelSchema = z.object({
  id: z.string(),
  object: z.literal('model'),
  created: z.int(),
  owned_by: z.string(),
  octavo: z.object({
    task: z.enum(['generate', 'embed', 'classify']),
    architecture: z.string(),
    precision: z.string(),
    kv_cache: z.enum(['float32', 'float16', 'int8']).optional().describe('Of a model that generates.'),
    context_length: z.int(),
    runtime: z.string(),
    runtime_reason: z.string(),
    runtime_version: z.string(),
    provider: z.string(),
    provider_reason: z.string(),
    devices: z.array(z.string()).describe('The execution provider of each replica, with the number of its device.'),
    threads: z.int(),
    rows: z.int().describe('Sequences, or texts, computed together at most.'),
    remarks: z
      .array(z.string())
      .describe(
        'What to know of it: how an export by others runs, that weights are random, that its cache was reduced.',
      ),
    capabilities: z.array(z.string()),
    defaults: z
      .object({ temperature: z.number(), top_p: z.number(), top_k: z.int() })
      .optional()
      .describe('Of a model that generates.'),
    dimensions: z.int().optional().describe('Of a model that embeds.'),
    labels: z.array(z.string()).optional().describe('Of a model that classifies.'),
    receipt: receiptSchema.nullable().describe('Its quality and speed against FP32, as measured when it was built.'),
  }),
});

export const modelListSchema = z.object({ object: z.literal('list'), data: z.array(modelSchema) });

export const healthSchema = z.object({ status: z.string() });

export const readySchema = healthSchema.extend({
  replicas: z
    .array(z.object({ model: z.string(), replica: z.int(), device: z.string(), ready: z.boolean() }))
    .describe('Copies of each model; one that is not ready is being restarted, and gets no requests.'),
});

export const errorSchema = z.object({
  error: z.object({
    message: z.string(),
    type: z.string(),
    param: z.string().nullable(),
    code: z.string(),
    innererror: z
      .object({ code: z.literal('ResponsibleAIPolicyViolation'), content_filter_result: filterResultsSchema })
      .optional()
      .describe('Of a blocked prompt, when it is asked for.'),
  }),
});

export type FilterResults = z.infer<typeof filterResultsSchema>;
export type Usage = z.infer<typeof usageSchema>;
export type Timings = z.infer<typeof timingsSchema>;
export type Model = z.infer<typeof modelSchema>;
export type ErrorBody = z.infer<typeof errorSchema>;
