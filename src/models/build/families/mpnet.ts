/** MPNet (arXiv 2004.09297): BERT with T5's relative positions beside its own, and tokens of one kind. */
import { z } from 'zod';
import { textBias } from '../graph/relative-bias.js';
import { bertFamily } from './bert-family.js';
import { check, readFields } from './config-fields.js';

const schema = z.object({ relative_attention_num_buckets: z.int().default(32) });

/** The model's own: config.json changes the size of the table alone. */
const buckets = 32;
const maxDistance = 128;

export const mpnet = bertFamily({
  modelType: 'mpnet',
  trunk: 'mpnet.',
  // The first two rows stand for padding and before.
  firstPosition: () => 2,
  typed: false,
  attention: ['attention.attn.q', 'attention.attn.k', 'attention.attn.v', 'attention.attn.o', 'attention.LayerNorm'],
  scoreBias(context, { config, prefix, heads, ids }) {
    const { relative_attention_num_buckets: rows } = readFields(config, schema);
    check(rows === buckets, `relative_attention_num_buckets ${rows} is not supported; it must be ${buckets}.`);
    const tensor = `${prefix}encoder.relative_attention_bias.weight`;
    return textBias(context, '/score_bias', { buckets, maxDistance, heads, tensor, ids });
  },
  classifier: { dense: 'classifier.dense', output: 'classifier.out_proj' },
});
