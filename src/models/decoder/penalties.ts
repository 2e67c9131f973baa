/** Changes to the logits of single tokens, before one is chosen. */
import type { Sampling } from './sampling.js';
import type { TokenHistory } from './token-history.js';

/** Whether `adjustLogits` changes any. */
export function changesLogits(sampling: Sampling, { generated }: TokenHistory): boolean {
  const { repetitionPenalty, presencePenalty, frequencyPenalty, logitBias, minTokens, stopTokens } = sampling;
  const penalised = repetitionPenalty !== 1 || presencePenalty !== 0 || frequencyPenalty !== 0;
  return penalised || logitBias.length > 0 || (generated < minTokens && stopTokens.length > 0);
}

/** Applies bias, penalties and the minimum length to `logits` [vocab], in place. */
export function adjustLogits(logits: Float32Array, sampling: Sampling, history: TokenHistory): void {
  if (sampling.repetitionPenalty !== 1) penaliseRepetition(logits, sampling.repetitionPenalty, history);
  if (sampling.presencePenalty !== 0 || sampling.frequencyPenalty !== 0) {
    for (const [token, count] of history.counts) {
      logits[token]! -= sampling.presencePenalty + sampling.frequencyPenalty * count;
    }
  }
  for (const [token, bias] of sampling.logitBias) logits[token]! += bias;
  if (history.generated < sampling.minTokens) {
    for (const token of sampling.stopTokens) logits[token] = -Infinity;
  }
}

function penaliseRepetition(logits: Float32Array, penalty: number, { prompt, counts }: TokenHistory): void {
  const penalise = (token: number) => {
    const logit = logits[token]!;
    logits[token] = logit > 0 ? logit / penalty : logit * penalty;
  };
  for (const token of prompt) penalise(token);
  for (const token of counts.keys()) if (!prompt.has(token)) penalise(token);
}
