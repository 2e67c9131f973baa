/** `POST /v1/completions`: OpenAI's text completions. */
import type { ServedModel } from '../models/served-model.js';
import type { AnswerFormat } from './answer.js';
import type { TextRequest } from './generate.js';
import type { ServerLimits } from './limits.js';
import { toPrompts } from './prompt.js';
import { type CompletionBody, completionSchema } from './schema/completion-schema.js';
import type { TextEndpoint } from './text-endpoint.js';
import { toSampling, toStopStrings } from './text-request.js';

/** OpenAI's default for completions. */
const defaultMaxTokens = 16;

const format: AnswerFormat = {
  idPrefix: 'cmpl',
  object: 'text_completion',
  chunkObject: 'text_completion',
  choice: ({ index, text, finish }) => ({ index, text, logprobs: null, finish_reason: finish }),
  chunkChoice: ({ index, text, finish }) => ({ index, text, logprobs: null, finish_reason: finish }),
  opening: null,
};

export function completionEndpoint(limits: ServerLimits): TextEndpoint<ReturnType<typeof completionSchema>> {
  return { schema: completionSchema(limits), format, toTextRequest };
}

function toTextRequest(fields: CompletionBody, model: ServedModel): TextRequest {
  return {
    field: 'prompt',
    prompts: toPrompts(fields.prompt),
    n: fields.n ?? 1,
    maxTokens: fields.max_tokens ?? null,
    defaultMaxTokens,
    sampling: toSampling(fields, model),
    stopStrings: toStopStrings(fields.stop),
    draftTokens: fields.prompt_lookup_num_tokens ?? null,
  };
}
