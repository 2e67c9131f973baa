/** Texts in a request, in the four shapes that OpenAI's completions and embeddings take. */
import { z } from 'zod';

export type TextsField = string | readonly string[] | readonly number[] | readonly (readonly number[])[];

interface TextsLimits {
  readonly max: number;
  /** What the texts are called in an error message. */
  readonly noun: string;
}

/**
 * The four shapes of texts in a request. A hand-written check, because a union would try every shape on every element of
 * an array of a million; it stops at the first element that is wrong.
 */
export function textsField({ max, noun }: TextsLimits) {
  const ids = { type: 'array', items: { type: 'integer', minimum: 0 }, minItems: 1 };
  return z
    .custom<TextsField>()
    .check((context) => {
      const fault = findFault(context.value, { max, noun });
      if (fault) context.issues.push({ code: 'custom', input: undefined, ...fault });
    })
    .meta({
      description: 'Text, several texts, token ids, or several lists of token ids.',
      anyOf: [
        { type: 'string' },
        { type: 'array', items: { type: 'string' }, minItems: 1, maxItems: max },
        ids,
        { type: 'array', items: ids, minItems: 1, maxItems: max },
      ],
    });
}

interface Fault {
  readonly message: string;
  readonly path: (string | number)[];
}

function findFault(texts: unknown, { max, noun }: TextsLimits): Fault | null {
  if (typeof texts === 'string') return null;
  if (texts === undefined) return { message: 'it is required', path: [] };
  if (!Array.isArray(texts)) return { message: 'expected a string or an array', path: [] };
  const first: unknown = texts[0];
  if (first === undefined) return { message: 'expected at least one entry', path: [] };
  if (typeof first === 'number') return findIdFault(texts, []);
  if (texts.length > max) return { message: `expected at most ${max} ${noun}`, path: [] };
  if (typeof first === 'string') return findTextFault(texts);
  for (const [index, ids] of texts.entries()) {
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
