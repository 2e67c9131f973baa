/** BERT (arXiv 1810.04805), MiniLM and the many embedders and rerankers of its shape. */
import { z } from 'zod';
import { encoderHead } from '../graph/encoder-head.js';
import { encoderInputs } from '../graph/encoder-inputs.js';
import { wholeTensor } from '../graph/matrix.js';
import { drawPostNormEncoder, type PostNormEncoder, type PostNormTensors } from '../graph/post-norm-encoder.js';
import { maxLayers, readFields, readFlag, refuse, refuseQuantised, size } from './config-fields.js';
import { encoderHeadOf, longestText, readEncoderOutput } from './encoder-config.js';
import type { Family } from './family.js';
import { layerNormShape, readNonlinearity } from './layer-norm-config.js';

const schema = z.object({
  num_hidden_layers: size(maxLayers),
  hidden_size: size(1 << 16),
  num_attention_heads: size(1024),
  intermediate_size: size(1 << 18),
  max_position_embeddings: size(1 << 21),
  type_vocab_size: size(1024).default(2),
  vocab_size: size(1 << 21),
  hidden_act: z.string().default('gelu'),
  layer_norm_eps: z.number().positive().max(0.1).default(1e-12),
  position_embedding_type: z.string().default('absolute'),
});

export type BertFields = z.infer<typeof schema>;

/** Where a relative of BERT differs from it. */
export interface BertVariant {
  readonly modelType: string;
  /** Prefix of the trunk's tensors in models with a head. */
  readonly trunk: string;
  /** Rows of the position table before that of a text's first token. */
  firstPosition(config: Readonly<Record<string, unknown>>): number;
  /** Prefixes of the layers of a classifier's head. */
  readonly classifier: { readonly dense: string; readonly output: string };
}

export const bert = bertFamily({
  modelType: 'bert',
  trunk: 'bert.',
  firstPosition: () => 0,
  classifier: { dense: 'bert.pooler.dense', output: 'classifier' },
});

export function bertFamily(variant: BertVariant): Family {
  return {
    modelType: variant.modelType,
    plan(config, modules) {
      refuseQuantised(config);
      if (readFlag(config, 'is_decoder')) refuse('is_decoder must be false.');
      const fields = readFields(config, schema);
      if (fields.position_embedding_type !== 'absolute') {
        refuse(`position_embedding_type ${fields.position_embedding_type} is not supported; only absolute is.`);
      }
      const first = variant.firstPosition(config);
      const positions = fields.max_position_embeddings - first;
      const output = readEncoderOutput(config, fields.hidden_size);
      const model: PostNormEncoder = {
        shape: layerNormShape({
          ...{ layers: fields.num_hidden_layers, hidden: fields.hidden_size, heads: fields.num_attention_heads },
          ...{ intermediate: fields.intermediate_size, vocab: fields.vocab_size },
          context: longestText(positions, output, modules),
        }),
        epsilon: fields.layer_norm_eps,
        nonlinearity: readNonlinearity('hidden_act', fields.hidden_act),
        typesGiven: output.task !== 'embed' && fields.type_vocab_size > 1,
      };
      const dense = { tensors: variant.classifier.dense, bias: true, nonlinearity: 'tanh', norm: null } as const;
      const head = encoderHeadOf(output, modules, {
        classify: { dense, classifier: variant.classifier.output },
        tag: { dense: null, classifier: 'classifier' },
      });
      return {
        ...{ shape: model.shape, output },
        draw(context) {
          const inputs = encoderInputs(context);
          const prefix = context.weights.has('embeddings.word_embeddings.weight') ? '' : variant.trunk;
          const tensors = bertTensors(fields, { prefix, first });
          const states = drawPostNormEncoder(context, { model, tensors, inputs });
          encoderHead(context, { head, states, hidden: model.shape.hidden, inputs });
        },
      };
    },
  };
}

/** `first`: the row of the position table that a text's first token takes. */
function bertTensors(fields: BertFields, { prefix, first }: { prefix: string; first: number }): PostNormTensors {
  const { hidden_size: hidden, intermediate_size: intermediate, max_position_embeddings: table } = fields;
  const positions = `${prefix}embeddings.position_embeddings.weight`;
  const part = { tensor: positions, rows: table - first, ...(first > 0 && { slice: { first, of: table } }) };
  return {
    words: `${prefix}embeddings.word_embeddings.weight`,
    positions: { name: positions, parts: [part], columns: hidden },
    types: wholeTensor(`${prefix}embeddings.token_type_embeddings.weight`, fields.type_vocab_size, hidden),
    embeddingNorm: `${prefix}embeddings.LayerNorm`,
    layer(index) {
      const path = `${prefix}encoder.layer.${index}`;
      const attention = `${path}.attention.self`;
      return {
        qkv: {
          name: `${attention}.qkv.weight`,
          parts: ['query', 'key', 'value'].map((name) => ({ tensor: `${attention}.${name}.weight`, rows: hidden })),
          columns: hidden,
        },
        output: wholeTensor(`${path}.attention.output.dense.weight`, hidden, hidden),
        attentionNorm: `${path}.attention.output.LayerNorm`,
        up: wholeTensor(`${path}.intermediate.dense.weight`, intermediate, hidden),
        down: wholeTensor(`${path}.output.dense.weight`, hidden, intermediate),
        mlpNorm: `${path}.output.LayerNorm`,
      };
    },
  };
}
