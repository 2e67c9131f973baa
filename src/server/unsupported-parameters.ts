/** Parameters of OpenAI and its peers that this server knows but does not offer; a value that means "off" passes. */
import { OctavoError } from '../errors.js';

interface UnsupportedParameter {
  /** The value leaves the parameter at its default. */
  readonly isOff: (value: unknown) => boolean;
  /** What the caller may send, as the end of a sentence. */
  readonly allowed: string;
  /** What the server lacks, where a caller may take the refusal for one of the value. */
  readonly why?: string;
}

const only = (...values: readonly unknown[]): UnsupportedParameter => ({
  isOff: (value) => values.includes(value),
  allowed: values.map((value) => JSON.stringify(value)).join(', '),
});

const emptyArray: UnsupportedParameter = {
  isOff: (value) => Array.isArray(value) && value.length === 0,
  allowed: 'an empty array',
};

const emptyObject: UnsupportedParameter = {
  isOff: (value) => isObject(value) && Object.keys(value).length === 0,
  allowed: 'an empty object',
};

const never: UnsupportedParameter = { isOff: () => false, allowed: 'null' };

/** `logprobs` is true or false in OpenAI's chats, and a number in its completions: neither is the right one here. */
const noLogProbabilities = 'answers carry no log probabilities, whatever is asked for';

const unsupported: ReadonlyMap<string, UnsupportedParameter> = new Map(
  Object.entries({
    echo: only(false),
    // In a chat; completions have it.
    best_of: only(1),
    suffix: only(''),
    logprobs: { ...only(false), why: noLogProbabilities },
    top_logprobs: { ...only(0), why: noLogProbabilities },
    response_format: {
      isOff: (value) => isObject(value) && value.type === 'text' && Object.keys(value).length === 1,
      allowed: '{"type": "text"}',
    },
    tools: emptyArray,
    tool_choice: only('none'),
    parallel_tool_calls: only(true, false),
    functions: emptyArray,
    function_call: only('none'),
    modalities: {
      isOff: (value) => Array.isArray(value) && value.length === 1 && value[0] === 'text',
      allowed: '["text"]',
    },
    audio: never,
    prediction: never,
    web_search_options: never,
    typical_p: only(1),
    priority: only(0),
    truncate_prompt_tokens: never,
    add_generation_prompt: only(true),
    chat_template_kwargs: emptyObject,
  }),
);

/**
 * Whether `name` is such a parameter, at its default. Throws `unsupported_parameter` at any other value.
 * Unknown names are `false`.
 */
export function isSwitchedOff(name: string, value: unknown): boolean {
  const parameter = unsupported.get(name);
  if (!parameter) return false;
  if (parameter.isOff(value)) return true;
  const { allowed, why } = parameter;
  const refused = `'${name}' is not supported by this server${why === undefined ? '' : ` (${why})`}`;
  const message = `${refused}: leave it out, or send ${allowed}.`;
  throw new OctavoError('unsupported_parameter', message, name);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
