/** DistilBERT (arXiv 1910.01108): BERT's layers under other names, tokens all of one kind. */
import { z } from 'zod';
import { encoderHead } from '../graph/encoder-head.js';
import { encoderInputs } from '../graph/encoder-inputs.js';
import { wholeTensor } from '../graph/matrix.js';
import { drawPostNormEncoder, type PostNormEncoder, type PostNormTensors } from '../graph/post-norm-encoder.js';
import { maxLayers, readFields, refuseQuantised, size } from './config-fields.js';
import { encoderHeadOf, longestText, readEncoderOutput } from './encoder-config.js';
import type { Family } from './family.js';
import { layerNormShape, readNonlinearity } from './layer-norm-config.js';

const schema = z.object({
  n_layers: size(maxLayers),
  dim: size(1 << 16),
  n_heads: size(1024),
  hidden_dim: size(1 << 18),
  max_position_embeddings: size(1 << 21),
  vocab_size: size(1 << 21),
  activation: z.string().default('gelu'),
});

type Fields = z.infer<typeof schema>;

export const distilbert: Family = {
  modelType: 'distilbert',
  plan(config, modules) {
    refuseQuantised(config);
    const fields = readFields(config, schema);
    const output = readEncoderOutput(config, fields.dim);
    const model: PostNormEncoder = {
      shape: layerNormShape({
        ...{ layers: fields.n_layers, hidden: fields.dim, heads: fields.n_heads },
        ...{ intermediate: fields.hidden_dim, vocab: fields.vocab_size },
        context: longestText(fields.max_position_embeddings, output, modules),
      }),
      // The model's own: config.json cannot name another.
      epsilon: 1e-12,
      nonlinearity: readNonlinearity('activation', fields.activation),
      typesGiven: false,
    };
    const dense = { tensors: 'pre_classifier', bias: true, nonlinearity: 'relu', norm: null } as const;
    const head = encoderHeadOf(output, modules, {
      classify: { dense, classifier: 'classifier' },
      tag: { dense: null, classifier: 'classifier' },
    });
    return {
      ...{ shape: model.shape, output },
      draw(context) {
        const inputs = encoderInputs(context);
        const prefix = context.weights.has('embeddings.word_embeddings.weight') ? '' : 'distilbert.';
        const states = drawPostNormEncoder(context, { model, tensors: tensorsOf(fields, prefix), inputs });
        encoderHead(context, { head, states, hidden: model.shape.hidden, inputs });
      },
    };
  },
};

function tensorsOf(fields: Fields, prefix: string): PostNormTensors {
  const { dim: hidden, hidden_dim: intermediate, max_position_embeddings: table } = fields;
  return {
    words: `${prefix}embeddings.word_embeddings.weight`,
    positions: wholeTensor(`${prefix}embeddings.position_embeddings.weight`, table, hidden),
    types: null,
    embeddingNorm: `${prefix}embeddings.LayerNorm`,
    layer(index) {
      const path = `${prefix}transformer.layer.${index}`;
      return {
        qkv: {
          name: `${path}.attention.qkv_lin.weight`,
          parts: ['q', 'k', 'v'].map((part) => ({ tensor: `${path}.attention.${part}_lin.weight`, rows: hidden })),
          columns: hidden,
        },
        output: wholeTensor(`${path}.attention.out_lin.weight`, hidden, hidden),
        attentionNorm: `${path}.sa_layer_norm`,
        up: wholeTensor(`${path}.ffn.lin1.weight`, intermediate, hidden),
        down: wholeTensor(`${path}.ffn.lin2.weight`, hidden, intermediate),
        mlpNorm: `${path}.output_layer_norm`,
      };
    },
  };
}
