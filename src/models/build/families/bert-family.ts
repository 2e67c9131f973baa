/** What BERT and its nearest relatives share: config.json, tensors, graph. */
import { z } from 'zod';
import { encoderHead } from '../graph/encoder-head.js';
import { encoderInputs } from '../graph/encoder-inputs.js';
import type { GraphContext } from '../graph/graph-context.js';
import { wholeTensor } from '../graph/matrix.js';
import { drawPostNormEncoder, type PostNormEncoder, type PostNormTensors } from '../graph/post-norm-encoder.js';
import type { JsonObject } from '../json.js';
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

type Fields = z.infer<typeof schema>;

/** Where relatives of BERT differ. */
export interface BertVariant {
  readonly modelType: string;
  /** Prefix of the trunk's tensors in models with a head. */
  readonly trunk: string;
  /** Rows of the position table before that of a text's first token. */
  firstPosition(config: JsonObject): number;
  /** Tokens are of several kinds. */
  readonly typed: boolean;
  /** Layers of the attention block, below that of their layer: query, key, value, output, norm. */
  readonly attention: readonly [query: string, key: string, value: string, output: string, norm: string];
  /** Adds to the attention scores of all layers by distance; gives the value to add. */
  readonly scoreBias?: (context: GraphContext, use: ScoreBiasUse) => string;
  /** Prefixes of the layers of a classifier's head. */
  readonly classifier: { readonly dense: string; readonly output: string };
}

export interface ScoreBiasUse {
  readonly config: JsonObject;
  /** Prefix of the trunk's tensors. */
  readonly prefix: string;
  readonly heads: number;
  /** int64 [batch_size, sequence_length] */
  readonly ids: string;
}

/** As BERT itself names them. */
export const bertAttention: BertVariant['attention'] = [
  'attention.self.query',
  'attention.self.key',
  'attention.self.value',
  'attention.output.dense',
  'attention.output.LayerNorm',
];

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
        typesGiven: variant.typed && output.task !== 'embed' && fields.type_vocab_size > 1,
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
          const tensors = tensorsOf(fields, { variant, prefix, first });
          const { heads } = model.shape;
          const scoreBias = variant.scoreBias?.(context, { config, prefix, heads, ids: inputs.ids });
          const states = drawPostNormEncoder(context, { model, tensors, inputs, scoreBias });
          encoderHead(context, { head, states, hidden: model.shape.hidden, inputs });
        },
      };
    },
  };
}

/** `first`: the row of the position table that a text's first token takes. */
function tensorsOf(
  fields: Fields,
  { variant, prefix, first }: { variant: BertVariant; prefix: string; first: number },
): PostNormTensors {
  const { hidden_size: hidden, intermediate_size: intermediate, max_position_embeddings: table } = fields;
  const positions = `${prefix}embeddings.position_embeddings.weight`;
  const part = { tensor: positions, rows: table - first, ...(first > 0 && { slice: { first, of: table } }) };
  return {
    words: `${prefix}embeddings.word_embeddings.weight`,
    positions: { name: positions, parts: [part], columns: hidden },
    types: variant.typed
      ? wholeTensor(`${prefix}embeddings.token_type_embeddings.weight`, fields.type_vocab_size, hidden)
      : null,
    embeddingNorm: `${prefix}embeddings.LayerNorm`,
    layer(index) {
      const path = `${prefix}encoder.layer.${index}`;
      const [query, key, value, output, norm] = variant.attention;
      return {
        qkv: {
          name: `${path}.attention.qkv.weight`,
          parts: [query, key, value].map((name) => ({ tensor: `${path}.${name}.weight`, rows: hidden })),
          columns: hidden,
        },
        output: wholeTensor(`${path}.${output}.weight`, hidden, hidden),
        attentionNorm: `${path}.${norm}`,
        up: wholeTensor(`${path}.intermediate.dense.weight`, intermediate, hidden),
        down: wholeTensor(`${path}.output.dense.weight`, hidden, intermediate),
        mlpNorm: `${path}.output.LayerNorm`,
      };
    },
  };
}
