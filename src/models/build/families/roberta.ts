/** RoBERTa (arXiv 1907.11692) and XLM-R (arXiv 1911.02116): BERT with positions that begin after that of padding. */
import { z } from 'zod';
import { bertAttention, bertFamily } from './bert-family.js';
import { readFields } from './config-fields.js';

const schema = z.object({ pad_token_id: z.int().nonnegative().max(1024).default(1) });

const variant = {
  trunk: 'roberta.',
  // Padding is on the right only, so a token's position follows from its place.
  firstPosition: (config: Readonly<Record<string, unknown>>) => readFields(config, schema).pad_token_id + 1,
  typed: true,
  attention: bertAttention,
  classifier: { dense: 'classifier.dense', output: 'classifier.out_proj' },
};

export const roberta = bertFamily({ ...variant, modelType: 'roberta' });
export const xlmRoberta = bertFamily({ ...variant, modelType: 'xlm-roberta' });
