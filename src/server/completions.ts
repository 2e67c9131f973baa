/** `POST /v1/completions`: OpenAI's text completions. */
import { OctavoError } from '../errors.js';
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
    bestOf: toBestOf(fields),
    maxTokens: fields.max_tokens ?? null,
    defaultMaxTokens,
    sampling: toSampling(fields, model),
    stopStrings: toStopStrings(fields.stop),
    draftTokens: fields.prompt_lookup_num_tokens ?? null,
  };
}

/** One candidate for each choice is nothing to choose from. Throws `invalid_value`, as OpenAI does. */
function toBestOf({ best_of: bestOf, n = 1, stream }: CompletionBody): number | null {
  if (bestOf === undefined || (bestOf === 1 && n === 1)) return null;
  if (bestOf < n) {
    throw new OctavoError('invalid_value', `'best_of' (${bestOf}) is less than 'n' (${n}).`, 'best_of');
  }
  if (stream) throw new OctavoError('invalid_value', "'best_of' cannot be streamed: leave one of them out.", 'best_of');
  return bestOf;
}
