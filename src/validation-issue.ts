/** One sentence and one place for each thing that zod found wrong with a value, unions resolved. */
import type { z } from 'zod';
import { describeIssue, joinAlternatives } from './issue-text.js';

/** An issue with its path from the root of the value, unions resolved. */
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

/** Faults named in one message. */
export const mostFaults = 10;

/** What is wrong with a value, for a person, on one line: `labels.toxic: expected a string, got a number`. */
export function describeFaults({ issues }: z.ZodError): string {
  const faults = flattenIssues(issues).map(describeFault);
  const more = faults.length > mostFaults ? [`and ${faults.length - mostFaults} more`] : [];
  return [...faults.slice(0, mostFaults), ...more].join('; ');
}

/** `labels.toxic: expected a string, got a number`. */
export function describeFault({ path, message }: ValidationIssue): string {
  return path.length === 0 ? message : `${formatPath(path)}: ${message}`;
}

/** `messages[0].content`, with names of a sane length. */
export function formatPath(path: readonly PropertyKey[]): string {
  return path
    .map((key, at) => (typeof key === 'number' ? `[${key}]` : `${at > 0 ? '.' : ''}${String(key).slice(0, 64)}`))
    .join('');
}
