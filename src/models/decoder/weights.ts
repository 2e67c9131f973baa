/** What a token is drawn from: how likely each is beside the likeliest one, with sums and peaks to find it quickly. */

/** Tokens of a block. */
export const blockTokens = 64;

export interface Weights {
  /** exp((logit - max) / temperature), float32 [vocab]: 1 for the likeliest token. Zero or positive, never NaN. */
  readonly values: Float32Array;
  /** The sum of each block of `blockTokens` values, the last one perhaps shorter: float32 [ceil(vocab / blockTokens)]. */
  readonly sums: Float32Array;
  /** The greatest value of each block. */
  readonly peaks: Float32Array;
}

export function newWeights(vocab: number): Weights {
  const blocks = Math.ceil(vocab / blockTokens);
  const floats = (length: number) => new Float32Array(new ArrayBuffer(length * 4));
  return { values: floats(vocab), sums: floats(blocks), peaks: floats(blocks) };
}

/** Sums and peaks of the blocks from `first` on. */
export function summariseBlocks({ values, sums, peaks }: Weights, first = 0): void {
  for (let block = first; block < sums.length; block++) {
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

export function totalWeight({ sums }: Weights): number {
  let total = 0;
  for (let block = 0; block < sums.length; block++) total += sums[block]!;
  return total;
}

/** The tokens that weigh at least `floor`, which is above zero, by id, written into `tokens` [vocab]. */
export function tokensAbove({ values, peaks }: Weights, floor: number, tokens: Int32Array): Int32Array {
  let count = 0;
  for (let block = 0; block < peaks.length; block++) {
    if (peaks[block]! < floor) continue;
    const end = Math.min(values.length, (block + 1) * blockTokens);
    for (let token = block * blockTokens; token < end; token++) if (values[token]! >= floor) tokens[count++] = token;
  }
  return tokens.subarray(0, count);
}

/** The token in which `left`, counted down by weight from token 0, falls below zero. */
export function tokenAt({ values, sums }: Weights, left: number): number {
  let last = 0;
  for (let block = 0; block < sums.length; block++) {
    const sum = sums[block]!;
    if (sum > 0) last = block;
    if (left < sum) break;
    left -= sum;
  }
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

/** The weight of all tokens heavier than this one, and of the equal ones with lower ids. */
export function massBefore({ values, peaks }: Weights, token: number): number {
  const weight = values[token]!;
  let mass = 0;
  for (let block = 0; block < peaks.length; block++) {
    if (peaks[block]! < weight) continue;
    const begin = block * blockTokens;
    const end = Math.min(values.length, begin + blockTokens);
    const here = Math.min(Math.max(token, begin), end);
    // No branches: where the distribution is flat each would be foretold wrongly every other time.
    for (let other = begin; other < here; other++) mass += values[other]! * Number(values[other]! >= weight);
    for (let other = here; other < end; other++) mass += values[other]! * Number(values[other]! > weight);
  }
  return mass;
}
