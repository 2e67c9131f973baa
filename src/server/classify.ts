/** `POST /v1/classify`: the labels of texts, each with its score. */
import { invariant } from '../errors.js';
import type { ServedEncoder } from '../models/served-model.js';
import type { EncodeEndpoint, FormatRow } from './encode-endpoint.js';
import type { ServerLimits } from './limits.js';
import { type ClassifyBody, classifySchema } from './schema/classify-schema.js';

export function classifyEndpoint(limits: ServerLimits): EncodeEndpoint<ReturnType<typeof classifySchema>> {
  return { schema: classifySchema(limits), task: 'classify', formatRow };
}

function formatRow(_: ClassifyBody, { head }: ServedEncoder): FormatRow {
  invariant(head.task === 'classify', 'a classification is asked of a model that classifies');
  const toScores = head.scores === 'softmax' ? softmax : sigmoid;
  return (row, index) => {
    const scores = toScores(row).map((score, label) => ({ label: head.labels[label] ?? '', score }));
    // The likeliest first; of equal ones the first in the model's order.
    scores.sort((a, b) => b.score - a.score);
    return { object: 'classification', index, label: scores[0]?.label ?? '', scores };
  };
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
