/** A model's numbers as a person reads them in a terminal. */
import type { Manifest } from '../models/manifest.js';
import type { ServedModel } from '../models/served-model.js';

/** `int8`, or with a cache that is rounded by itself `int8, KV cache in int8`. */
export function describePrecision(
  model: Pick<Manifest, 'precision' | 'kvCache'> | Pick<ServedModel, 'precision' | 'kvCache'> | { precision: string },
): string {
  const { precision } = model;
  return 'kvCache' in model && model.kvCache === 'int8' ? `${precision}, KV cache in int8` : precision;
}
