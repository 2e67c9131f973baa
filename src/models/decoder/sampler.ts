/** Chooses the next token of one row from its logits; a function of that row alone. */
import { adjustLogits } from './penalties.js';
import { uniform } from './random.js';
import type { Sampling } from './sampling.js';
import type { TokenHistory } from './token-history.js';

/** The next token. `logits` [vocab] is changed in place. Ties go to the lower token id. */
export function sampleToken(logits: Float32Array, sampling: Sampling, history: TokenHistory): number {
  adjustLogits(logits, sampling, history);
  const best = argmax(logits);
  // Without a finite maximum nothing can be weighed: a penalty overflowed it, or every token is forbidden.
  if (sampling.temperature === 0 || sampling.topK === 1 || !Number.isFinite(logits[best])) return best;
  const draw = uniform(sampling.seed, history.length);
  const weights = toWeights(logits, { max: logits[best]!, temperature: sampling.temperature });
  if (sampling.topK === 0 && sampling.topP === 1) return drawFromAll(weights, sampling.minP, draw);
  const kept = truncate(weights, sampling);
  return drawFromKept(weights, kept, draw);
}

/** The lowest index of the greatest value; NaN is never it, unless there is nothing else. */
function argmax(values: Float32Array): number {
  let best = 0;
  let max = -Infinity;
  const end = values.length & ~7;
  // Eight at a time: over a large vocabulary hardly any block holds a greater value, and this is twice as fast.
  for (let i = 0; i < end; i += 8) {
    if (
      values[i]! > max ||
      values[i + 1]! > max ||
      values[i + 2]! > max ||
      values[i + 3]! > max ||
      values[i + 4]! > max ||
      values[i + 5]! > max ||
      values[i + 6]! > max ||
      values[i + 7]! > max
    ) {
      for (let j = i; j < i + 8; j++) if (values[j]! > max) [max, best] = [values[j]!, j];
    }
  }
  for (let i = end; i < values.length; i++) if (values[i]! > max) [max, best] = [values[i]!, i];
  return best;
}

/** exp((logit - max) / temperature), in place: the most likely token weighs 1, one without a number nothing. */
function toWeights(
  logits: Float32Array,
  { max, temperature }: { readonly max: number; readonly temperature: number },
): Float32Array {
  for (let i = 0; i < logits.length; i++) logits[i] = Math.exp((logits[i]! - max) / temperature) || 0;
  return logits;
}

function drawFromAll(weights: Float32Array, minP: number, draw: number): number {
  let total = 0;
  for (let i = 0; i < weights.length; i++) if (weights[i]! >= minP) total += weights[i]!;
  let left = draw * total;
  let last = 0;
  for (let i = 0; i < weights.length; i++) {
    if (weights[i]! === 0 || weights[i]! < minP) continue;
    last = i;
    left -= weights[i]!;
    if (left < 0) break;
  }
  return last;
}

/** The tokens that top_k, then top_p, then min_p leave, most likely first. */
function truncate(weights: Float32Array, { topK, topP, minP }: Sampling): number[] {
  const wanted = topK === 0 ? weights.length : Math.min(topK, weights.length);
  let kept = topP === 1 ? heaviest(weights, wanted) : heaviestUntil(weights, wanted, topP);
  if (minP > 0) kept = kept.filter((token) => weights[token]! >= minP);
  return kept;
}

/** The `count` heaviest tokens, in order. */
function heaviest(weights: Float32Array, count: number): number[] {
  const enough = candidates(weights, (tokens) => tokens.length >= count);
  return sortByWeight(enough, weights).slice(0, count);
}

/** The shortest run of the heaviest tokens whose share of the `count` heaviest reaches `share`. */
function heaviestUntil(weights: Float32Array, count: number, share: number): number[] {
  const pool = count === weights.length ? null : heaviest(weights, count);
  const target = share * (pool === null ? sum(weights) : mass(pool, weights));
  if (pool !== null) return takeUntil(pool, weights, target);
  const enough = candidates(weights, (tokens) => mass(tokens, weights) >= target);
  return takeUntil(sortByWeight(enough, weights), weights, target);
}

/** The tokens above the highest of a few bounds that leaves enough of them: few to sort where the model is sure. */
function candidates(weights: Float32Array, enough: (tokens: number[]) => boolean): number[] {
  for (const bound of [1e-2, 1e-5, 1e-10, 1e-20]) {
    const tokens = above(weights, bound);
    if (enough(tokens)) return tokens;
  }
  return above(weights, 0);
}

function takeUntil(tokens: number[], weights: Float32Array, target: number): number[] {
  let taken = 0;
  let count = 0;
  while (count < tokens.length && taken < target) taken += weights[tokens[count++]!]!;
  return tokens.slice(0, Math.max(1, count));
}

function drawFromKept(weights: Float32Array, tokens: number[], draw: number): number {
  let left = draw * mass(tokens, weights);
  for (const token of tokens) {
    left -= weights[token]!;
    if (left < 0) return token;
  }
  return tokens[tokens.length - 1]!;
}

function above(weights: Float32Array, bound: number): number[] {
  const tokens: number[] = [];
  for (let i = 0; i < weights.length; i++) if (weights[i]! >= bound) tokens.push(i);
  return tokens;
}

function sortByWeight(tokens: number[], weights: Float32Array): number[] {
  return tokens.sort((a, b) => weights[b]! - weights[a]! || a - b);
}

function mass(tokens: readonly number[], weights: Float32Array): number {
  return tokens.reduce((total, token) => total + weights[token]!, 0);
}

function sum(values: Float32Array): number {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i]!;
  return total;
}
