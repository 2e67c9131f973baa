/** BERT (arXiv 1810.04805), MiniLM and the many embedders and rerankers of its shape. */
import { bertAttention, bertFamily } from './bert-family.js';

export const bert = bertFamily({
  modelType: 'bert',
  trunk: 'bert.',
  firstPosition: () => 0,
  typed: true,
  attention: bertAttention,
  classifier: { dense: 'bert.pooler.dense', output: 'classifier' },
});
