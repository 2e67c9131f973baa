/** Random weights of any shape, for models whose speed matters and whose words do not. */
import type { Weights } from './weights.js';

/**
 * Each value is a function of (seed, tensor name, index) alone, so tensors can be read in any order and in pieces.
 * Matrices get a standard deviation of 1 / sqrt(columns): each layer keeps the size of its input, logits have a
 * deviation near 1, and no token dominates. Norms are 1, biases small.
 */
export class RandomWeights implements Weights {
  readonly #seed: number;
  readonly #shapes = new Map<string, readonly number[]>();

  /** `seed`: unsigned 32 bits. */
  constructor(seed: number) {
    this.#seed = seed;
  }

  expect(name: string, shape: readonly number[]): void {
    this.#shapes.set(name, shape);
  }

  /** Every tensor there may be. */
  has(): boolean {
    return true;
  }

  async read(name: string, start: number, count: number): Promise<Float32Array> {
    const values = new Float32Array(count);
    if (/norm\.weight$/i.test(name)) return values.fill(1);
    const shape = this.#shapes.get(name) ?? [];
    const deviation = shape.length === 1 ? 0.02 : 1 / Math.sqrt(shape.at(-1) ?? 1);
    // The sum of two uniform 16-bit numbers: a triangle of deviation 65536 / sqrt(6) around 65535.
    const scale = (deviation * Math.sqrt(6)) / 65536;
    const key = hashName(name, this.#seed);
    for (let i = 0; i < count; i++) {
      const bits = mix((Math.imul(start + i, 0x9e3779b9) + key) | 0);
      values[i] = ((bits & 0xffff) + (bits >>> 16) - 65535) * scale;
    }
    return values;
  }

  async close(): Promise<void> {}
}

/** The finaliser of MurmurHash3 (public domain, Austin Appleby): every input bit changes about half the output bits. */
function mix(value: number): number {
  let bits = value;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return bits ^ (bits >>> 16);
}

/** FNV-1a over the name, starting from the seed. */
function hashName(name: string, seed: number): number {
  let hash = mix(seed | 0) ^ 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return mix(hash);
}
