/** Reproducible random numbers for tests. */

/** `count` numbers in (-size, size), a function of the seed (mulberry32). */
export function randomValues(count: number, size: number, seed: number): Float32Array {
  let state = seed;
  return Float32Array.from({ length: count }, () => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), 1 | state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return (((bits ^ (bits >>> 14)) >>> 0) / 2 ** 31 - 1) * size;
  });
}
