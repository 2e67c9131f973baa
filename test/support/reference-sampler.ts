/** The sampler written for reading: every token's probability by sorting all of them. */
import type { Sampling } from '#octavo/models/decoder/sampling.js';

export interface PastTokens {
  readonly prompt: readonly number[];
  readonly generated: readonly number[];
}

/** The probability of each token; 1 for the first of the most likely ones when greedy. */
export function probabilities(logits: readonly number[], sampling: Sampling, past: PastTokens): number[] {
  const adjusted = logits.map((logit, token) => adjust({ logit, token }, sampling, past));
  const max = Math.max(...adjusted);
  if (sampling.temperature === 0) return adjusted.map((_, token) => (token === adjusted.indexOf(max) ? 1 : 0));
  const weights = adjusted.map((logit) => Math.fround(Math.exp((logit - max) / sampling.temperature)));
  const kept = keep(weights, sampling);
  const total = kept.reduce((sum, token) => sum + weights[token]!, 0);
  return weights.map((weight, token) => (kept.includes(token) ? weight / total : 0));
}

function adjust(
  { logit, token }: { readonly logit: number; readonly token: number },
  sampling: Sampling,
  { prompt, generated }: PastTokens,
): number {
  const times = generated.filter((other) => other === token).length;
  if (generated.length < sampling.minTokens && sampling.stopTokens.includes(token)) return -Infinity;
  let value = logit;
  if (times > 0 || prompt.includes(token)) {
    value = Math.fround(value > 0 ? value / sampling.repetitionPenalty : value * sampling.repetitionPenalty);
  }
  if (times > 0) value = Math.fround(value - (sampling.presencePenalty + sampling.frequencyPenalty * times));
  for (const [biased, bias] of sampling.logitBias) if (biased === token) value = Math.fround(value + bias);
  return value;
}

/** top_k, then top_p of what is left, then min_p. */
function keep(weights: readonly number[], { topK, topP, minP }: Sampling): number[] {
  const sorted = weights.map((_, token) => token).sort((a, b) => weights[b]! - weights[a]! || a - b);
  const top = sorted.slice(0, topK === 0 ? sorted.length : topK);
  const target = topP * top.reduce((sum, token) => sum + weights[token]!, 0);
  const kept: number[] = [];
  let share = 0;
  for (const token of top) {
    if (kept.length > 0 && topP < 1 && share >= target) break;
    kept.push(token);
    share += weights[token]!;
  }
  return kept.filter((token) => weights[token]! >= minP);
}
