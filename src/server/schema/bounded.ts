/** Arrays and records whose size is checked before their contents: zod would collect an issue for each of a million elements. */
import { z } from 'zod';

export function boundedArray<S extends z.ZodType>(element: S, limits: { readonly min?: number; readonly max: number }) {
  const array = z
    .array(element)
    .min(limits.min ?? 0)
    .max(limits.max);
  return z.preprocess((value, context) => {
    if (!Array.isArray(value) || value.length <= limits.max) return value;
    context.issues.push(tooLarge('array', limits.max, value));
    return z.NEVER;
  }, array);
}

export function boundedRecord<S extends z.ZodType>(
  value: S,
  limits: { readonly keys: z.ZodString; readonly max: number },
) {
  return z.preprocess(
    (record, context) => {
      const tooMany = typeof record === 'object' && record !== null && Object.keys(record).length > limits.max;
      if (!tooMany) return record;
      context.issues.push(tooLarge('object', limits.max, record));
      return z.NEVER;
    },
    z.record(limits.keys, value).meta({ maxProperties: limits.max }),
  );
}

function tooLarge(origin: string, maximum: number, input: unknown) {
  const message = `expected ${origin} to have at most ${maximum} entries`;
  return { code: 'too_big' as const, origin, maximum, inclusive: true, input, message };
}
