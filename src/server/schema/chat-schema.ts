/** The body of `POST /v1/chat/completions`. */
import { z } from 'zod';
import type { ServerLimits } from '../limits.js';
import { boundedArray } from './bounded.js';
import { sharedFields } from './sampling-fields.js';

export const maxParts = 256;

export const textPart = z.strictObject({
  type: z.literal('text', {
    error: ({ input }) => `parts of type '${String(input).slice(0, 64)}' are not supported, only of type 'text'`,
  }),
  text: z.string(),
});

const nothing = z
  .union([z.null(), z.array(z.never()).max(0)], 'tool calls are not supported by this server')
  .optional();

const message = z.strictObject({
  role: z.enum(['system', 'developer', 'user', 'assistant', 'tool']),
  content: z.union([z.string(), boundedArray(textPart, { min: 1, max: maxParts })]).nullish(),
  name: z.string().max(64).nullish(),
  tool_call_id: z.string().max(256).nullish(),
  // Parts of an OpenAI answer that clients send back with an assistant message.
  refusal: z.string().nullish(),
  tool_calls: nothing,
  function_call: nothing,
  annotations: nothing,
  audio: nothing,
});

const messageSchema = message.refine(({ role, content }) => role === 'assistant' || content != null, {
  path: ['content'],
  error: 'only a message of the assistant may be without content',
});

export type MessageBody = z.infer<typeof messageSchema>;

/** What the page to try the API sends first; made up from the fields alone it would be refused. */
const example = {
  messages: [{ role: 'user', content: 'I want to book a table for two in San Jose.' }],
  max_tokens: 64,
};

export function chatSchema(limits: ServerLimits) {
  return z
    .strictObject({
      messages: boundedArray(messageSchema, { min: 1, max: limits.maxMessages }).describe('The conversation so far.'),
      max_completion_tokens: z.int().min(1).optional().describe('The newer name of max_tokens.'),
      ...sharedFields(limits),
    })
    .meta({ examples: [example] });
}

export type ChatBody = z.infer<ReturnType<typeof chatSchema>>;
