/** How near a model's predictions are to FP32's, as a receipt has it. */
import { addComparisons, type Comparison, nothingCompared, summarise } from './comparison.js';
import type { Quality } from './gauge.js';
import { percent } from './percent.js';
import type { PredictedText } from './receipt.js';

/** Predictions that single layers are measured on. */
export const probeTokens = 512;

/** The loss is the change of perplexity. */
export function predictionQuality(text: PredictedText, results: readonly Comparison[]): Quality {
  const summary = summarise(addAll(results));
  const { change, error } = summary.perplexity;
  const told = `changes perplexity by ${percent(change)} (± ${percent(error)}, ${text.predictions} predictions)`;
  return { figures: { task: 'generate', text, ...summary }, loss: change, told };
}

/** In nats a token: of all measures the one with least chance in it. */
export function meanDivergence(results: readonly Comparison[]): number {
  return summarise(addAll(results)).divergence;
}

function addAll(results: readonly Comparison[]): Comparison {
  return results.reduce(addComparisons, nothingCompared);
}
