/** `POST /v1/chat/completions`: OpenAI's chat completions. */
import { OctavoError } from '../errors.js';
import type { ChatMessage, ServedModel } from '../models/served-model.js';
import type { AnswerFormat } from './answer.js';
import type { TextRequest } from './generate.js';
import type { ServerLimits } from './limits.js';
import { type ChatBody, chatSchema, type MessageBody } from './schema/chat-schema.js';
import type { TextEndpoint } from './text-endpoint.js';
import { toSampling, toStopStrings } from './text-request.js';

const format: AnswerFormat = {
  idPrefix: 'chatcmpl',
  object: 'chat.completion',
  chunkObject: 'chat.completion.chunk',
  choice: ({ index, text, finish }) => ({
    index,
    message: { role: 'assistant', content: text, refusal: null },
    logprobs: null,
    finish_reason: finish,
  }),
  chunkChoice: ({ index, text, finish }) => ({
    index,
    delta: text === '' ? {} : { content: text },
    logprobs: null,
    finish_reason: finish,
  }),
  opening: (index) => ({
    index,
    delta: { role: 'assistant', content: '' },
    logprobs: null,
    finish_reason: null,
  }),
};

export function chatEndpoint(limits: ServerLimits): TextEndpoint<ReturnType<typeof chatSchema>> {
  return { schema: chatSchema(limits), format, toTextRequest };
}

function toTextRequest(fields: ChatBody, model: ServedModel): TextRequest {
  return {
    field: 'messages',
    prompts: [{ kind: 'chat', messages: fields.messages.map(toMessage) }],
    n: fields.n ?? 1,
    bestOf: null,
    maxTokens: chooseMaxTokens(fields),
    defaultMaxTokens: null,
    sampling: toSampling(fields, model),
    stopStrings: toStopStrings(fields.stop),
    draftTokens: fields.prompt_lookup_num_tokens ?? null,
  };
}

/** `max_completion_tokens` replaced `max_tokens`; both are heard unless they disagree. */
function chooseMaxTokens({ max_tokens: older, max_completion_tokens: newer }: ChatBody): number | null {
  if (older !== undefined && newer !== undefined && older !== newer) {
    const message = `'max_tokens' (${older}) and 'max_completion_tokens' (${newer}) disagree: send one of them.`;
    throw new OctavoError('invalid_value', message, 'max_tokens');
  }
  return newer ?? older ?? null;
}

function toMessage(message: MessageBody): ChatMessage {
  return {
    // OpenAI's newer name for the same role; chat templates know the older one.
    role: message.role === 'developer' ? 'system' : message.role,
    content: toText(message),
    ...(typeof message.name === 'string' && { name: message.name }),
  };
}

/** Text parts are joined by line breaks; an assistant's refusal stands in for content that it withheld. */
function toText({ content, refusal }: MessageBody): string {
  if (typeof content === 'string') return content;
  return content?.map((part) => part.text).join('\n') ?? refusal ?? '';
}
