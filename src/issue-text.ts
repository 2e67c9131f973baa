/** What zod found wrong with a value, in the words of a person: what is allowed, and what came instead. */
import type { z } from 'zod';
import { counted } from './counted.js';

type ZodIssue = z.core.$ZodIssue;

const nouns: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'an array',
  object: 'an object',
  record: 'an object',
};

/** Only messages that zod makes itself are put in other words; a schema's own are there for a reason. */
const ownWords = /^(?:Invalid (?:input|option): expected|Too (?:big|small): expected)/;

export function describeIssue(issue: ZodIssue): string {
  if (ownWords.test(issue.message)) {
    if (issue.code === 'invalid_type') return describeType(issue);
    if (issue.code === 'invalid_value') return describeChoice(issue.values);
    if (issue.code === 'too_big') return describeSize(issue.inclusive ? 'at most' : 'less than', issue.maximum, issue);
    if (issue.code === 'too_small')
      return describeSize(issue.inclusive ? 'at least' : 'more than', issue.minimum, issue);
  }
  if (issue.code === 'unrecognized_keys')
    return `unknown ${issue.keys.length === 1 ? 'key' : 'keys'} ${issue.keys.map((key) => `"${key}"`).join(', ')}`;
  return issue.message.replace(/^Invalid \w+: /, '');
}

/** One sentence for a value that may be of several kinds. */
export function joinAlternatives(messages: readonly string[]): string {
  const unique = [...new Set(messages)];
  const parts = unique.map((message) => /^expected (.+?)(, got .+)?$/.exec(message));
  if (!parts.every((part) => part !== null)) return unique.join(', or ');
  return `expected ${parts.map(([, kind]) => kind).join(' or ')}${parts[0]?.[2] ?? ''}`;
}

function describeType({ expected, message }: z.core.$ZodIssueInvalidType): string {
  const got = /received (\w+)$/.exec(message)?.[1] ?? '';
  if (got === 'undefined') return `it is missing; expected ${toNoun(expected)}`;
  // A number that is not whole is a number all the same.
  const instead = got === '' || expected === 'int' ? '' : `, got ${got === 'boolean' ? 'a boolean' : toNoun(got)}`;
  return `expected ${toNoun(expected)}${instead}`;
}

function toNoun(type: string): string {
  return nouns[type] ?? type;
}

function describeChoice(values: readonly unknown[]): string {
  const names = values.map((value) => (typeof value === 'string' ? `'${value}'` : String(value)));
  return `expected ${names.length > 1 ? 'one of ' : ''}${names.join(', ')}`;
}

function describeSize(bound: string, limit: number | bigint, { origin }: { readonly origin: string }): string {
  // The bounds of zod's whole numbers are not those of the field.
  if (Math.abs(Number(limit)) === Number.MAX_SAFE_INTEGER) return 'expected a whole number between -2^53 and 2^53';
  if (origin === 'number' || origin === 'int') return `expected ${bound} ${limit}`;
  const unit = origin === 'string' ? 'character' : origin === 'array' ? 'entry' : origin;
  return `expected ${bound} ${counted(Number(limit), unit, unit === 'entry' ? 'entries' : undefined)}`;
}
