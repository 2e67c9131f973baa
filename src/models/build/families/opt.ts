/** OPT (arXiv 2205.01068): learned positions that begin at row 2 of their table, ReLU. */
import { z } from 'zod';
import { drawLayerNormDecoder, type LayerNormDecoder, type LayerNormTensors } from '../graph/layer-norm-decoder.js';
import { wholeTensor } from '../graph/matrix.js';
import type { Weights } from '../weights/weights.js';
import { maxLayers, readFields, refuse, refuseQuantised, size } from './config-fields.js';
import type { Family } from './family.js';
import { layerNormShape, readNonlinearity } from './layer-norm-config.js';

const schema = z.object({
  num_hidden_layers: size(maxLayers),
  hidden_size: size(1 << 16),
  num_attention_heads: size(1024),
  ffn_dim: size(1 << 18),
  max_position_embeddings: size(1 << 21),
  vocab_size: size(1 << 21),
  word_embed_proj_dim: size(1 << 16).nullish(),
  activation_function: z.string().default('relu'),
  enable_bias: z.boolean().default(true),
  do_layer_norm_before: z.boolean().default(true),
  _remove_final_layer_norm: z.boolean().default(false),
  layer_norm_elementwise_affine: z.boolean().default(true),
  tie_word_embeddings: z.boolean().default(true),
});

type Fields = z.infer<typeof schema>;

/** The table's first rows stood for padding once and are not read. */
const firstPosition = 2;

export const opt: Family = {
  modelType: 'opt',
  plan(config) {
    refuseQuantised(config);
    const fields = readFields(config, schema);
    refuseUnsupported(fields);
    const { enable_bias: bias } = fields;
    const model: LayerNormDecoder = {
      shape: layerNormShape({
        ...{ layers: fields.num_hidden_layers, hidden: fields.hidden_size, heads: fields.num_attention_heads },
        ...{ intermediate: fields.ffn_dim, vocab: fields.vocab_size, context: fields.max_position_embeddings },
      }),
      // PyTorch's own: config.json cannot name another.
      epsilon: 1e-5,
      nonlinearity: readNonlinearity('activation_function', fields.activation_function),
      tied: fields.tie_word_embeddings,
      bias: { attention: bias, mlp: bias },
      parallel: false,
      rotary: null,
    };
    return {
      shape: model.shape,
      draw: (context) => drawLayerNormDecoder(context, model, tensorsOf(fields, context.weights)),
    };
  },
};

function refuseUnsupported(fields: Fields): void {
  const { word_embed_proj_dim: projection, hidden_size: hidden } = fields;
  if (!fields.do_layer_norm_before) refuse('do_layer_norm_before must be true; norms after blocks are not supported.');
  if (fields._remove_final_layer_norm) refuse('_remove_final_layer_norm must be false.');
  if (!fields.layer_norm_elementwise_affine) refuse('layer_norm_elementwise_affine must be true.');
  if ((projection ?? hidden) !== hidden) {
    refuse(
      `word_embed_proj_dim ${projection} must equal hidden_size ${hidden}; projected embeddings are not supported.`,
    );
  }
}

/** The first checkpoints have the bare decoder's names, later ones those of OPTForCausalLM. */
function tensorsOf(fields: Fields, weights: Weights): LayerNormTensors {
  const { hidden_size: hidden, ffn_dim: intermediate, max_position_embeddings: context } = fields;
  const prefix = weights.has('decoder.embed_tokens.weight') ? 'decoder' : 'model.decoder';
  const words = `${prefix}.embed_tokens.weight`;
  const positions = `${prefix}.embed_positions.weight`;
  const slice = { first: firstPosition, of: context + firstPosition };
  return {
    words,
    positions: { name: positions, parts: [{ tensor: positions, rows: context, slice }], columns: hidden },
    finalNorm: `${prefix}.final_layer_norm`,
    head: fields.tie_word_embeddings ? words : 'lm_head.weight',
    layer(index) {
      const path = `${prefix}.layers.${index}`;
      return {
        attentionNorm: `${path}.self_attn_layer_norm`,
        mlpNorm: `${path}.final_layer_norm`,
        qkv: {
          name: `${path}.self_attn.qkv_proj.weight`,
          parts: ['q', 'k', 'v'].map((part) => ({ tensor: `${path}.self_attn.${part}_proj.weight`, rows: hidden })),
          columns: hidden,
        },
        output: wholeTensor(`${path}.self_attn.out_proj.weight`, hidden, hidden),
        up: wholeTensor(`${path}.fc1.weight`, intermediate, hidden),
        down: wholeTensor(`${path}.fc2.weight`, hidden, intermediate),
      };
    },
  };
}
