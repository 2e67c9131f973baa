/** Ranges of a KV cache that nobody measured. */
import type { CacheRanges } from '#octavo/models/build/graph/cache-scales.js';
import { ownPorts } from '#octavo/models/decoder/decoder-ports.js';
import type { Manifest } from '#octavo/models/manifest.js';

/** `range` in every channel of every layer. */
export function evenRanges({ layers, kvHeads, headDim }: Manifest['shape'], range: number): CacheRanges {
  const channels = kvHeads * headDim;
  return new Map(ownPorts(layers).cache.present.map((name) => [name, new Float32Array(channels).fill(range)]));
}
