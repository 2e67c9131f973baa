/** Arrays and records that are refused early: zod alone would collect an issue for each of a million elements. */
import { z } from 'zod';
import { counted } from '../../counted.js';
import { flattenIssues } from '../../validation-issue.js';

/** Objects with unknown keys that are collected before an array is given up; one wrong value ends it at once. */
const maxIssues = 256;

interface SizeRange {
  readonly min?: number;
  readonly max: number;
}

/** An array whose size is checked before its elements, which are checked up to the first that is wrong. */
export function boundedArray<S extends z.ZodType>(element: S, { min = 0, max }: SizeRange): z.ZodType<z.output<S>[]> {
  const documented = z.array(element).min(min).max(max);
  return z
    .custom<z.output<S>[]>()
    .check((context) => {
      const { value } = context;
      const size = Array.isArray(value) ? describeSize(value.length, { min, max }) : 'expected an array';
      if (size !== null) context.issues.push({ code: 'custom', message: size, input: value });
      else context.issues.push(...elementIssues(value, element));
    })
    .meta({
      ...z.toJSONSchema(documented, {
        ...{ io: 'input', unrepresentable: 'any' },
        override: ({ jsonSchema }) => dropSafeBounds(jsonSchema),
      }),
      $schema: undefined,
    });
}

/** A record whose size is checked before its entries. */
export function boundedRecord<S extends z.ZodType>(
  value: S,
  limits: { readonly keys: z.ZodString; readonly max: number },
) {
  return z.preprocess(
    (record, context) => {
      const size = typeof record === 'object' && record !== null ? Object.keys(record).length : 0;
      if (size <= limits.max) return record;
      context.addIssue({ code: 'custom', message: `expected at most ${limits.max} entries` });
      return z.NEVER;
    },
    z.record(limits.keys, value).meta({ maxProperties: limits.max }),
  );
}

export interface JsonNumber {
  minimum?: number | undefined;
  maximum?: number | undefined;
}

/** zod documents a whole number by what JavaScript can hold, which is no bound of ours and makes odd examples. */
export function dropSafeBounds(schema: JsonNumber): void {
  if (schema.minimum === Number.MIN_SAFE_INTEGER) delete schema.minimum;
  if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum;
}

function describeSize(length: number, { min = 0, max }: SizeRange): string | null {
  if (length > max) return `expected at most ${counted(max, 'entry', 'entries')}`;
  return length < min ? `expected at least ${counted(min, 'entry', 'entries')}` : null;
}

function elementIssues(elements: readonly unknown[], schema: z.ZodType): z.core.$ZodRawIssue[] {
  const issues: z.core.$ZodRawIssue[] = [];
  let unknown = 0;
  for (const [index, element] of elements.entries()) {
    const result = schema.safeParse(element);
    if (result.success) continue;
    const own = result.error.issues;
    issues.push(
      ...own.map((issue) => ({ ...issue, path: [index, ...issue.path], input: element }) as z.core.$ZodRawIssue),
    );
    const flat = flattenIssues(own);
    unknown += flat.length;
    if (unknown > maxIssues || flat.some((issue) => issue.unknownKeys.length === 0)) break;
  }
  return issues;
}
