/** From a parsed JSON body to a typed request: the one place that decides what is refused. */
import type { z } from 'zod';
import { OctavoError } from '../errors.js';
import { flattenIssues, formatPath, type ValidationIssue } from '../validation-issue.js';
import { isSwitchedOff } from './unsupported-parameters.js';
import { toError } from './validation-error.js';

export interface RequestBody<T> {
  readonly fields: T;
  /** Unknown parameters that were left out, as paths; empty where they are refused. */
  readonly ignored: readonly string[];
}

/** More names than any client sends: bodies of nothing but names are refused before they cost time. */
const maxNames = 256;

interface BodyRules<S extends z.ZodObject> {
  readonly schema: S;
  readonly unknownParams: 'refuse' | 'ignore';
}

/**
 * Validates `body`. It is called by the handlers on whatever was parsed, so no content type can lead past it.
 * A null parameter is an absent one, as OpenAI has it.
 * Throws `invalid_value`, `unknown_parameter` or `unsupported_parameter`, each naming the field.
 */
export function readBody<S extends z.ZodObject>(body: unknown, rules: BodyRules<S>): RequestBody<z.infer<S>> {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new OctavoError('invalid_value', 'The request body must be a JSON object.');
  }
  if (Object.keys(body).length > maxNames) {
    throw new OctavoError('invalid_value', `The request has too many parameters: at most ${maxNames} are allowed.`);
  }
  const fields = withoutAbsent(body, rules.schema);
  const first = rules.schema.safeParse(fields);
  if (first.success) return { fields: first.data, ignored: [] };
  const issues = flattenIssues(first.error.issues);
  const unknown = issues.filter((issue) => issue.unknownKeys.length > 0);
  const wrong = issues.find((issue) => issue.unknownKeys.length === 0);
  if (wrong) throw toError(wrong, fields);
  const unknownNames = unknown.reduce((total, issue) => total + issue.unknownKeys.length, 0);
  if (rules.unknownParams === 'refuse' || unknownNames > maxNames) throw toError(unknown[0] as ValidationIssue, fields);
  return readIgnoring(unknown, fields, rules.schema);
}

function readIgnoring<S extends z.ZodObject>(
  unknown: readonly ValidationIssue[],
  fields: Record<string, unknown>,
  schema: S,
): RequestBody<z.infer<S>> {
  const known = structuredClone(fields);
  for (const issue of unknown) removeKeys(known, issue);
  const second = schema.safeParse(known);
  if (!second.success) throw toError(flattenIssues(second.error.issues)[0] as ValidationIssue, known);
  const ignored = unknown.flatMap((issue) => issue.unknownKeys.map((key) => formatPath([...issue.path, key])));
  return { fields: second.data, ignored };
}

/** A shallow copy without nulls and without unsupported parameters that are switched off. */
function withoutAbsent(body: object, schema: z.ZodObject): Record<string, unknown> {
  const present = Object.entries(body).filter(
    ([name, value]) => value !== null && (Object.hasOwn(schema.shape, name) || !isSwitchedOff(name, value)),
  );
  return Object.fromEntries(present);
}

function removeKeys(root: Record<string, unknown>, issue: ValidationIssue): void {
  let holder: unknown = root;
  for (const key of issue.path) holder = (holder as Record<PropertyKey, unknown>)[key];
  for (const key of issue.unknownKeys) delete (holder as Record<string, unknown>)[key];
}
