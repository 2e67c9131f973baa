/** The body of `POST /v1/completions`. */
import { z } from 'zod';
import type { ServerLimits } from '../limits.js';
import { sharedFields } from './sampling-fields.js';

export type PromptField = string | readonly string[] | readonly number[] | readonly (readonly number[])[];

/**
 * The four shapes of a prompt. A hand-written check, because a union would try every shape on every element of
 * an array of a million; it stops at the first element that is wrong.
 */
function promptField(maxPrompts: number) {
  const ids = { type: 'array', items: { type: 'integer', minimum: 0 }, minItems: 1 };
  return z
    .custom<PromptField>()
    .check((context) => {
      const fault = findPromptFault(context.value, maxPrompts);
      if (fault) context.issues.push({ code: 'custom', input: undefined, ...fault });
    })
    .meta({
      description: 'Text, several texts, token ids, or several lists of token ids.',
      anyOf: [
        { type: 'string' },
        { type: 'array', items: { type: 'string' }, minItems: 1, maxItems: maxPrompts },
        ids,
        { type: 'array', items: ids, minItems: 1, maxItems: maxPrompts },
      ],
    });
}

interface Fault {
  readonly message: string;
  readonly path: (string | number)[];
}

function findPromptFault(prompt: unknown, maxPrompts: number): Fault | null {
  if (typeof prompt === 'string') return null;
  if (prompt === undefined) return { message: 'a prompt is required', path: [] };
  if (!Array.isArray(prompt)) return { message: 'expected a string or an array', path: [] };
  const first: unknown = prompt[0];
  if (first === undefined) return { message: 'expected at least one entry', path: [] };
  if (typeof first === 'number') return findIdFault(prompt, []);
  if (prompt.length > maxPrompts) return { message: `expected at most ${maxPrompts} prompts`, path: [] };
  if (typeof first === 'string') return findTextFault(prompt);
  for (const [index, ids] of prompt.entries()) {
    if (!Array.isArray(ids)) return { message: 'expected an array of token ids', path: [index] };
    const fault = findIdFault(ids, [index]);
    if (fault) return fault;
  }
  return null;
}

function findTextFault(texts: readonly unknown[]): Fault | null {
  const index = texts.findIndex((text) => typeof text !== 'string');
  return index < 0 ? null : { message: 'expected a string, as the entries before it', path: [index] };
}

function findIdFault(ids: readonly unknown[], path: readonly number[]): Fault | null {
  if (ids.length === 0) return { message: 'expected at least one token id', path: [...path] };
  const index = ids.findIndex((id) => !Number.isSafeInteger(id) || (id as number) < 0);
  return index < 0 ? null : { message: 'expected a token id: an integer of at least 0', path: [...path, index] };
}

/** What the page to try the API sends first; made up from the fields alone it would be refused. */
const example = { prompt: 'I would like to book', max_tokens: 16 };

export function completionSchema(limits: ServerLimits) {
  return z
    .strictObject({ prompt: promptField(limits.maxPrompts), ...sharedFields(limits) })
    .meta({ examples: [example] });
}

export type CompletionBody = z.infer<ReturnType<typeof completionSchema>>;
