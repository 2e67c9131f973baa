/** The body of `POST /v1/chat/completions`. */
import { z } from 'zod';
import type { ServerLimits } from '../limits.js';
import { boundedArray } from './bounded.js';
import { sharedFields } from './sampling-fields.js';

export const maxParts = 256;

export const textPart = z.strictObject({
  type: z
    .literal('text', {
      error: ({ input }) => `parts of type '${String(input).slice(0, 64)}' are not supported, only of type 'text'`,
    })
    .describe('text alone is supported.'),
  text: z.string().describe('The text of the part.'),
});

const nothing = z
  .union([z.null(), z.array(z.never()).max(0)], 'tool calls are not supported by this server')
  .optional()
  .describe('Empty, as answers of this server have it.');

const message = z.strictObject({
  role: z.enum(['system', 'developer', 'user', 'assistant', 'tool']).describe('Who speaks; developer is system.'),
  content: z
    .union([z.string(), boundedArray(textPart, { min: 1, max: maxParts })])
    .nullish()
    .describe('Text, or parts of it that are joined by line breaks; only of the assistant it may be absent.'),
  name: z.string().max(64).nullish().describe('The speaker’s name, for chat templates that show it.'),
  tool_call_id: z
    .string()
    .max(256)
    .nullish()
    .describe('Of a tool’s message: the call that it answers; without effect.'),
  // Parts of an OpenAI answer that clients send back with an assistant message.
  refusal: z.string().nullish().describe('Of the assistant: it stands in for content that was withheld.'),
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
