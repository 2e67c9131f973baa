/** Randomness as a function of (seed, position): the same draw whoever shares the batch, whenever it is made. */

/** A number in [0, 1) with 53 random bits, for a position below 2^23; another one for each attempt at it, below 256. */
export function uniform(seed: number, position: number, attempt = 0): number {
  const counter = attempt * 2 ** 24 + position * 2;
  const high = hash(seed, counter) >>> 5;
  const low = hash(seed, counter + 1) >>> 6;
  return (high * 0x4000000 + low) / 0x20000000000000;
}

/** Two rounds of MurmurHash3's 32-bit finalizer (Appleby, public domain), the second keyed by the first. */
function hash(seed: number, counter: number): number {
  return mix(mix(seed ^ 0x9e3779b9) ^ Math.imul(counter + 1, 0x85ebca6b));
}

function mix(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
