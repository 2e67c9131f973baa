/** The steps of an INT8 KV cache: one for each channel of each head, fixed when the model is built. */
import type { Calibration } from './factors.js';

/** The greatest magnitude in each channel of a cache, [kvHeads * headDim], by the name of its output: `present.N.key|value`. */
export type CacheRanges = ReadonlyMap<string, Float32Array>;

/** The largest of an int8, as its smallest: steps are the same on both sides of zero. */
const largest = 127;

/**
 * How much beyond the measured ranges is cut off: other texts than the measured one go further. With a wider margin steps are
 * coarser; docs/models.md has the figures of both.
 */
const margin = 1.2;

/** Where a channel is always 0 any step does, but 0. */
const leastRange = 1e-12;

/** How a cache's channels hang together. */
export interface Turning {
  readonly headDim: number;
  /** Pairs of channels, i and i + pairs, that turn with a token's position; 0: none. */
  readonly pairs: number;
}

/**
 * float32 [kvHeads * headDim]. Channels that turn get the larger range of their pair: at another position the one has what the
 * other has here, and the text that was measured has few positions.
 */
export function cacheScales(ranges: Float32Array, { headDim, pairs }: Turning): Float32Array {
  const scales = ranges.map((range, channel) => {
    const place = channel % headDim;
    const partner = place < pairs ? channel + pairs : place < 2 * pairs ? channel - pairs : channel;
    return (margin * Math.max(range, ranges[partner]!, leastRange)) / largest;
  });
  return roundMantissas(scales);
}

/** To 8 significant bits, in place: machines that measure the last bits otherwise nearly always build the same bytes. */
function roundMantissas(scales: Float32Array): Float32Array {
  const bits = new Uint32Array(scales.buffer);
  bits.forEach((value, index) => {
    bits[index] = (value + 0x8000) & 0xffff0000;
  });
  return scales;
}

/** The ranges in a model that has moved something between its weights. */
export function movedRanges(ranges: CacheRanges, calibration: Pick<Calibration, 'caches'> | undefined): CacheRanges {
  return new Map(
    [...ranges].map(([name, range]) => {
      const factors = calibration?.caches.get(name);
      return [name, factors === undefined ? range : range.map((value, channel) => value * factors[channel]!)];
    }),
  );
}
