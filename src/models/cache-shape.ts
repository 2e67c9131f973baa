/** What the KV cache of a model that Octavo built is made of. */
import type { KvShape } from './decoder/kv-arena.js';
import { activationsOf, type Manifest } from './manifest.js';

/** A model's shape with what its graph takes and gives keys and values as. */
export function cacheShape({ shape, precision, kvCache }: Manifest): Manifest['shape'] & Pick<KvShape, 'element'> {
  return { ...shape, element: kvCache ?? activationsOf(precision) };
}
