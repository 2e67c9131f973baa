/** The tokens that top_k, then top_p, then min_p leave of a distribution. */
import type { Sampling } from './sampling.js';
import { tokensAbove, type Weights } from './weights.js';

/** The tokens that are left, in no order, at least one; they hold until the next call. */
export function truncate(weights: Weights, { topK, topP, minP }: Pick<Sampling, 'topK' | 'topP' | 'minP'>): Int32Array {
  const kept = topK > 0 ? topTokens(weights, topK, topP) : nucleus(weights, topP, minP);
  return minP > 0 ? kept.filter((token) => weights.values[token]! >= minP) : kept;
}

/** The `count` heaviest tokens, and of these the fewest that hold the share `topP` of their weight. */
function topTokens(weights: Weights, count: number, topP: number): Int32Array {
  const { values, peaks } = weights;
  // As many blocks have a token at least as heavy as the least of the `count` highest peaks.
  const least = count < peaks.length ? rankedValue(peaks, count) : 0;
  const enough = above(weights, least);
  const pool = heaviest(values, enough, { count, mass: Infinity });
  return topP === 1 ? pool : heaviest(values, pool, { count: Infinity, mass: topP * massOf(weights, pool) });
}

/** The `rank`-th greatest of the values, by keeping that many in order: quick where it is a small share of them. */
function rankedValue(values: Float32Array, rank: number): number {
  const greatest = new Float32Array(rank);
  for (let i = 0; i < values.length; i++) {
    if (values[i]! <= greatest[rank - 1]!) continue;
    let place = rank - 1;
    for (; place > 0 && greatest[place - 1]! < values[i]!; place--) greatest[place] = greatest[place - 1]!;
    greatest[place] = values[i]!;
  }
  return greatest[rank - 1]!;
}

/** The fewest heaviest tokens that hold the share `topP` of all weight. What weighs less than `minP` need not be there. */
function nucleus(weights: Weights, topP: number, minP: number): Int32Array {
  if (topP === 1) return above(weights, minP);
  const mass = topP * weights.total;
  // Where the model is sure, few tokens are above the first floor, and enough.
  for (const floor of [1e-2, 1e-4, 0]) {
    const tokens = above(weights, floor);
    if (floor === 0 || massOf(weights, tokens) >= mass) {
      return heaviest(weights.values, tokens, { count: Infinity, mass });
    }
  }
  return above(weights, 0);
}

let tokenList = new Int32Array(0);

function above(weights: Weights, floor: number): Int32Array {
  if (tokenList.length < weights.values.length) tokenList = new Int32Array(weights.values.length);
  return tokensAbove(weights, Math.max(floor, smallestFloat), tokenList);
}

/** The least positive float32. */
const smallestFloat = 2 ** -149;

interface Limit {
  readonly count: number;
  readonly mass: number;
}

/** Lists up to this length are sorted as they are. */
const fewTokens = 512;

/** As few of the heaviest of `list` as reach the count or the mass, at least one, equal ones by id: moved to its front. */
function heaviest(values: Float32Array, list: Int32Array, limit: Limit): Int32Array {
  const few = list.length <= fewTokens;
  let { count, mass, rest } = few ? { count: 0, mass: 0, rest: list.slice() } : takeBuckets(values, list, limit);
  rest.sort((a, b) => values[b]! - values[a]! || a - b);
  for (const token of rest) {
    if (count > 0 && (count >= limit.count || mass >= limit.mass)) break;
    list[count++] = token;
    mass += values[token]!;
  }
  return list.subarray(0, count);
}

/** Weights are at most 1, whose leading 14 bits as a float32 are 0xfe0. */
const buckets = 0xfe1;
const bucketCounts = new Uint32Array(buckets);
const bucketMasses = new Float64Array(buckets);

/**
 * The heaviest tokens of a long list, nearly all that the limit allows, moved to its front, and those among which the
 * limit lies: sorting all would take longer than the model where the distribution is flat. The leading bits of positive
 * floats order as the floats do, so whole buckets of equal ones are taken from the top.
 */
function takeBuckets(
  values: Float32Array,
  list: Int32Array,
  limit: Limit,
): { readonly count: number; readonly mass: number; readonly rest: Int32Array } {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  bucketCounts.fill(0);
  bucketMasses.fill(0);
  for (let i = 0; i < list.length; i++) {
    const bucket = bits[list[i]!]! >>> 18;
    bucketCounts[bucket]! += 1;
    bucketMasses[bucket]! += values[list[i]!]!;
  }
  let [edge, count, mass] = [buckets - 1, 0, 0];
  while (edge > 0 && count + bucketCounts[edge]! < limit.count && mass + bucketMasses[edge]! < limit.mass) {
    count += bucketCounts[edge]!;
    mass += bucketMasses[edge]!;
    edge -= 1;
  }
  const rest = list.filter((token) => bits[token]! >>> 18 === edge);
  let front = 0;
  for (let i = 0; i < list.length; i++) if (bits[list[i]!]! >>> 18 > edge) list[front++] = list[i]!;
  return { count, mass, rest };
}

export function massOf({ values }: Weights, tokens: Int32Array): number {
  let mass = 0;
  for (let i = 0; i < tokens.length; i++) mass += values[tokens[i]!]!;
  return mass;
}
