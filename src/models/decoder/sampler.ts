/** Chooses the next token of one row from its logits; a function of that row alone. */
import type { RowLogits } from './logits.js';
import { adjustLogits, changesLogits } from './penalties.js';
import { uniform } from './random.js';
import type { Sampling } from './sampling.js';
import type { TokenHistory } from './token-history.js';
import { massOf, truncate } from './truncation.js';
import { isWithin, placeAt, tokenAt, type Weights } from './weights.js';

export interface SampledRow {
  readonly sampling: Sampling;
  readonly history: TokenHistory;
}

/** The next token. Logits in memory of ours are changed in place. Ties go to the lower token id. */
export async function sampleToken(given: RowLogits, row: SampledRow): Promise<number> {
  const { sampling, history } = row;
  let logits = given;
  if (changesLogits(sampling, history)) {
    const changed = await given.fetch();
    adjustLogits(changed.values, sampling, history);
    logits = changed;
  }
  if (sampling.temperature === 0 || sampling.topK === 1) return logits.likeliest();
  const weights = await logits.weigh(sampling.temperature);
  // Nothing can be weighed where a penalty overflowed the greatest logit, or every token is forbidden.
  if (weights.total === 0) return logits.likeliest();
  return weights.absent === undefined ? draw(weights, row) : weights.absent.settle(() => draw(weights, row));
}

const attempts = 8;

function draw(weights: Weights, { sampling, history }: SampledRow): number {
  const { topK, topP, minP, seed } = sampling;
  const random = (attempt: number) => uniform(seed, history.length, attempt);
  // Drawing again until the token is one of those that top_p leaves costs less than finding them all, unless it leaves few.
  if (topK === 0 && minP === 0) {
    const place = (attempt: number) => placeAt(weights, random(attempt) * weights.total);
    if (topP === 1) return tokenAt(weights, place(0));
    // All at once, as each time that something is asked of a device takes long.
    weights.absent?.require(Array.from({ length: attempts }, (_, attempt) => place(attempt).block));
    for (let attempt = 0; attempt < attempts; attempt++) {
      const token = tokenAt(weights, place(attempt));
      if (isWithin(weights, token, topP * weights.total)) return token;
    }
  }
  return drawFrom(weights, truncate(weights, sampling), random(attempts));
}

function drawFrom(weights: Weights, tokens: Int32Array, share: number): number {
  let left = share * massOf(weights, tokens);
  for (const token of tokens) {
    left -= weights.values[token]!;
    if (left < 0) return token;
  }
  return tokens[tokens.length - 1]!;
}
