/** One sentence and one field name out of what zod found wrong with a request. */
import type { z } from 'zod';
import { OctavoError } from '../errors.js';
import { describeIssue, joinAlternatives } from './issue-text.js';

/** An issue with its path from the root of the body, unions resolved. */
export interface ValidationIssue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
  /** Keys at `path` that the schema does not know. */
  readonly unknownKeys: readonly string[];
}

type ZodIssue = z.core.$ZodIssue;

/** Flat issues: of a union, those of the branch that got furthest into the value. */
export function flattenIssues(issues: readonly ZodIssue[]): ValidationIssue[] {
  return issues.flatMap((issue) => {
    if (issue.code === 'invalid_union' && issue.errors.length > 0) return flattenUnion(issue.errors, issue);
    if (issue.code === 'invalid_key') return issue.issues.map((inner) => toIssue(inner, issue.path));
    return [toIssue(issue, issue.path)];
  });
}

function flattenUnion(branches: readonly (readonly ZodIssue[])[], union: ZodIssue): ValidationIssue[] {
  const flat = branches.map((branch) => flattenIssues(branch));
  const depth = (issues: readonly ValidationIssue[]) => Math.max(...issues.map((issue) => issue.path.length));
  const depths = flat.map(depth);
  const deepest = Math.max(...depths);
  const furthest = flat.filter((_, index) => depths[index] === deepest);
  const chosen = furthest.length === 1 ? furthest[0] : undefined;
  // Several branches gave up at the same place: the union's own message, or what each of them expected.
  if (!chosen) return [{ path: union.path, message: describeAlternatives(furthest, union), unknownKeys: [] }];
  return chosen.map((issue) => ({ ...issue, path: [...union.path, ...issue.path] }));
}

function describeAlternatives(branches: readonly (readonly ValidationIssue[])[], union: ZodIssue): string {
  if (union.message !== 'Invalid input') return union.message;
  return joinAlternatives(branches.map((issues) => issues[0]?.message ?? ''));
}

function toIssue(issue: ZodIssue, path: readonly PropertyKey[]): ValidationIssue {
  return { path, message: describeIssue(issue), unknownKeys: issue.code === 'unrecognized_keys' ? issue.keys : [] };
}

/** The error that a caller sees for an issue of `body`. */
export function toError(issue: ValidationIssue, body: unknown): OctavoError {
  const unknownKey = issue.unknownKeys[0];
  if (unknownKey !== undefined) {
    const param = formatPath([...issue.path, unknownKey]);
    return new OctavoError('unknown_parameter', `Unknown parameter: '${param}'.`, param);
  }
  const param = formatPath(issue.path);
  if (valueAt(body, issue.path) === undefined) {
    return new OctavoError('invalid_value', `Missing required parameter: '${param}'.`, param);
  }
  return new OctavoError('invalid_value', `Invalid value for '${param}': ${issue.message}.`, param);
}

/** `messages[0].content`, with names of a sane length. */
export function formatPath(path: readonly PropertyKey[]): string {
  return path
    .map((key, at) => (typeof key === 'number' ? `[${key}]` : `${at > 0 ? '.' : ''}${String(key).slice(0, 64)}`))
    .join('');
}

function valueAt(body: unknown, path: readonly PropertyKey[]): unknown {
  let value = body;
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return value;
}
