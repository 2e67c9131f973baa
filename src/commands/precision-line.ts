/** A model's numbers as a person reads them in a terminal. */

/** `int8`, or with a cache that is rounded by itself `int8, KV cache in int8`. */
export function describePrecision(model: { precision: string; kvCache?: string | undefined }): string {
  const { precision, kvCache } = model;
  return kvCache === 'int8' ? `${precision}, KV cache in int8` : precision;
}
