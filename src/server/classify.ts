/** `POST /v1/classify`: the labels of texts, each with its score. */
import { invariant } from '../errors.js';
import type { ServedEncoder } from '../models/served-model.js';
import type { EncodeEndpoint, FormatRow } from './encode-endpoint.js';
import { labelScores } from './label-scores.js';
import type { ServerLimits } from './limits.js';
import { type ClassifyBody, classifySchema } from './schema/classify-schema.js';

export function classifyEndpoint(limits: ServerLimits): EncodeEndpoint<ReturnType<typeof classifySchema>> {
  return { schema: classifySchema(limits), task: 'classify', formatRow };
}

function formatRow(_: ClassifyBody, { head }: ServedEncoder): FormatRow {
  invariant(head.task === 'classify', 'a classification is asked of a model that classifies');
  return (row, index) => {
    const scores = labelScores(row, head).map((score, label) => ({ label: head.labels[label] ?? '', score }));
    // The likeliest first; of equal ones the first in the model's order.
    scores.sort((a, b) => b.score - a.score);
    return { object: 'classification', index, label: scores[0]?.label ?? '', scores };
  };
}
