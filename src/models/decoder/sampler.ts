/** Chooses the next token of one row from its logits; a function of that row alone. */
import { adjustLogits } from './penalties.js';
import { uniform } from './random.js';
import type { Sampling } from './sampling.js';
import type { TokenHistory } from './token-history.js';
import { massOf, truncate } from './truncation.js';
import type { Weigher } from './weigher.js';
import { massBefore, tokenAt, totalWeight, type Weights } from './weights.js';

export interface SampledRow {
  readonly sampling: Sampling;
  readonly history: TokenHistory;
}

/** The next token. `logits` [vocab] is changed in place. Ties go to the lower token id. */
export async function sampleToken(logits: Float32Array, row: SampledRow, weigher: Weigher): Promise<number> {
  const { sampling, history } = row;
  adjustLogits(logits, sampling, history);
  if (sampling.temperature === 0 || sampling.topK === 1) return argmax(logits);
  const weights = await weigher.weigh(logits, sampling.temperature);
  const total = totalWeight(weights);
  // Nothing can be weighed where a penalty overflowed the greatest logit, or every token is forbidden.
  if (total === 0) return argmax(logits);
  const draw = (attempt: number) => uniform(sampling.seed, history.length, attempt);
  // Drawing again until the token is one of those that top_p leaves costs less than finding them all, unless it leaves few.
  if (sampling.topK === 0 && sampling.minP === 0) {
    for (let attempt = 0; attempt < attempts; attempt++) {
      const token = tokenAt(weights, draw(attempt) * total);
      if (sampling.topP === 1 || massBefore(weights, token) < sampling.topP * total) return token;
    }
  }
  return drawFrom(weights, truncate(weights, sampling), draw(attempts));
}

const attempts = 8;

function drawFrom(weights: Weights, tokens: Int32Array, draw: number): number {
  let left = draw * massOf(weights, tokens);
  for (const token of tokens) {
    left -= weights.values[token]!;
    if (left < 0) return token;
  }
  return tokens[tokens.length - 1]!;
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
