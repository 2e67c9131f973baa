/** What a token is drawn from: how likely each is beside the likeliest one, with sums and peaks to find it quickly. */

/** Tokens of a block. */
export const blockTokens = 64;

export interface Weights extends WeightMemory {
  /** The sum of them all: at least 1, or 0 where there is nothing to draw. */
  readonly total: number;
  /** Of weights on a device: `values` come block by block, when they are needed. */
  readonly absent?: AbsentBlocks;
}

export interface WeightMemory {
  /** exp((logit - max) / temperature), float32 [vocab]: 1 for the likeliest token. Zero or positive, never NaN. */
  readonly values: Float32Array;
  /** The sum of each block of `blockTokens` values, the last one perhaps shorter: float32 [blocks]. */
  readonly sums: Float32Array;
  /** The greatest value of each block. */
  readonly peaks: Float32Array;
}

export interface AbsentBlocks {
  /** To be called before values of these blocks are read: throws, for `settle`, where one has not come yet. */
  require(blocks: readonly number[]): void;
  /** What `compute` gives when all blocks that it requires have come; until then it is begun again. */
  settle<T>(compute: () => T): Promise<T>;
}

export function blocksOf(vocab: number): number {
  return Math.ceil(vocab / blockTokens);
}

/** Memory that holds whole blocks. */
export function newWeights(vocab: number): WeightMemory {
  const blocks = blocksOf(vocab);
  const floats = (length: number) => new Float32Array(new ArrayBuffer(length * 4));
  return { values: floats(blocks * blockTokens).subarray(0, vocab), sums: floats(blocks), peaks: floats(blocks) };
}

export function summariseBlocks({ values, sums, peaks }: WeightMemory): void {
  for (let block = 0; block < sums.length; block++) {
    const end = Math.min(values.length, (block + 1) * blockTokens);
    let sum = 0;
    let peak = 0;
    for (let token = block * blockTokens; token < end; token++) {
      sum += values[token]!;
      if (values[token]! > peak) peak = values[token]!;
    }
    sums[block] = sum;
    peaks[block] = peak;
  }
}

export function sumOf(sums: Float32Array): number {
  let total = 0;
  for (let block = 0; block < sums.length; block++) total += sums[block]!;
  return total;
}

/** The tokens that weigh at least `floor`, which is above zero, by id, written into `tokens` [vocab]. */
export function tokensAbove({ values, peaks, absent }: Weights, floor: number, tokens: Int32Array): Int32Array {
  absent?.require(blocksAbove(peaks, floor));
  let count = 0;
  for (let block = 0; block < peaks.length; block++) {
    if (peaks[block]! < floor) continue;
    const end = Math.min(values.length, (block + 1) * blockTokens);
    for (let token = block * blockTokens; token < end; token++) if (values[token]! >= floor) tokens[count++] = token;
  }
  return tokens.subarray(0, count);
}

/** A place in the weights laid end to end: a block, and the weight that is left of the way in it. */
export interface Place {
  readonly block: number;
  readonly left: number;
}

/** Where `left`, counted down by weight from token 0, falls below zero. */
export function placeAt({ sums }: Weights, left: number): Place {
  let last = 0;
  for (let block = 0; block < sums.length; block++) {
    const sum = sums[block]!;
    if (sum > 0) last = block;
    if (left < sum) break;
    left -= sum;
  }
  return { block: last, left };
}

export function tokenAt({ values, absent }: Weights, { block: last, left }: Place): number {
  absent?.require([last]);
  // Rounding can leave a little over after the last token of the block that the sums point to: that token it is then.
  const end = Math.min(values.length, (last + 1) * blockTokens);
  let chosen = last * blockTokens;
  for (let token = chosen; token < end; token++) {
    if (values[token]! === 0) continue;
    chosen = token;
    left -= values[token]!;
    if (left < 0) break;
  }
  return chosen;
}

/**
 * Whether all tokens heavier than this one, and the equal ones with lower ids, weigh less than `mass` together. It ends at the
 * block that decides it: so much was found before the token, or so much behind it that `mass` cannot be reached.
 */
export function isWithin({ values, sums, peaks, total, absent }: Weights, token: number, mass: number): boolean {
  const weight = values[token]!;
  absent?.require(blocksAbove(peaks, weight));
  let [heavier, others] = [0, 0];
  for (let block = 0; block < peaks.length; block++) {
    const before = peaks[block]! < weight ? 0 : massBefore(values, token, block);
    heavier += before;
    others += sums[block]! - before;
    if (heavier >= mass) return false;
    if (others > total - mass) return true;
  }
  return true;
}

/** Of the tokens of one block. */
function massBefore(values: Float32Array, token: number, block: number): number {
  const weight = values[token]!;
  const begin = block * blockTokens;
  const end = Math.min(values.length, begin + blockTokens);
  const here = Math.min(Math.max(token, begin), end);
  let mass = 0;
  // No branches: where the distribution is flat each would be foretold wrongly every other time.
  for (let other = begin; other < here; other++) mass += values[other]! * Number(values[other]! >= weight);
  for (let other = here; other < end; other++) mass += values[other]! * Number(values[other]! > weight);
  return mass;
}

function blocksAbove(peaks: Float32Array, floor: number): number[] {
  const blocks: number[] = [];
  for (let block = 0; block < peaks.length; block++) if (peaks[block]! >= floor) blocks.push(block);
  return blocks;
}
