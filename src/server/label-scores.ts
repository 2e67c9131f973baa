/** From the logits of a model that classifies to scores between 0 and 1. */
import { OctavoError } from '../errors.js';
import type { EncoderHead } from '../models/served-model.js';

export type ClassifyHead = Extract<EncoderHead, { readonly task: 'classify' }>;

/** Of each label, in the model's order. Throws `engine_failed` for logits that are no numbers: every threshold lets them pass. */
export function labelScores(row: Float32Array, { scores }: ClassifyHead): number[] {
  if (!row.every(Number.isFinite)) {
    throw new OctavoError('engine_failed', 'The model computed scores that are not finite numbers.');
  }
  return scores === 'softmax' ? softmax(row) : sigmoid(row);
}

/** Of labels that exclude each other: the scores add up to 1. */
function softmax(logits: Float32Array): number[] {
  const most = Math.max(...logits);
  const powers = Array.from(logits, (logit) => Math.exp(logit - most));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}

/** Of labels that stand by themselves. */
function sigmoid(logits: Float32Array): number[] {
  return Array.from(logits, (logit) => 1 / (1 + Math.exp(-logit)));
}
