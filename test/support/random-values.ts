/** Reproducible random numbers for tests. */
import { Random } from './random.js';

/** `count` numbers in (-size, size), a function of the seed. */
export function randomValues(count: number, size: number, seed: number): Float32Array {
  const random = new Random(seed);
  return Float32Array.from({ length: count }, () => (random.unit() * 2 - 1) * size);
}
