/** GPT-NeoX (arXiv 2204.06745) and Pythia (arXiv 2304.01373): part of each head rotates, attention and MLP side by side. */
import { z } from 'zod';
import { drawLayerNormDecoder, type LayerNormDecoder, type LayerNormTensors } from '../graph/layer-norm-decoder.js';
import { type Matrix, wholeTensor } from '../graph/matrix.js';
import type { Rotary } from '../graph/rotary.js';
import type { JsonObject } from '../json.js';
import { maxLayers, readFields, refuseQuantised, size } from './config-fields.js';
import type { Family } from './family.js';
import { layerNormShape, readNonlinearity } from './layer-norm-config.js';
import { readRotary } from './rotary-config.js';
import { positiveBase } from './rotary-settings.js';

const schema = z.object({
  num_hidden_layers: size(maxLayers),
  hidden_size: size(1 << 16),
  num_attention_heads: size(1024),
  intermediate_size: size(1 << 18),
  max_position_embeddings: size(1 << 21),
  vocab_size: size(1 << 21),
  layer_norm_eps: z.number().positive().max(0.1).default(1e-5),
  hidden_act: z.string().default('gelu'),
  use_parallel_residual: z.boolean().default(true),
  attention_bias: z.boolean().default(true),
  tie_word_embeddings: z.boolean().default(false),
  rotary_emb_base: positiveBase.default(10_000),
  rotary_pct: z.number().positive().max(1).default(0.25),
});

type Fields = z.infer<typeof schema>;

export const gptNeox: Family = {
  modelType: 'gpt_neox',
  plan(config) {
    refuseQuantised(config);
    const fields = readFields(config, schema);
    const sizes = layerNormShape({
      ...{ layers: fields.num_hidden_layers, hidden: fields.hidden_size, heads: fields.num_attention_heads },
      ...{ intermediate: fields.intermediate_size, vocab: fields.vocab_size, context: fields.max_position_embeddings },
    });
    const rotary = rotaryOf(config, fields, sizes.headDim);
    const shape = { ...sizes, context: rotary.context };
    const model: LayerNormDecoder = {
      shape,
      epsilon: fields.layer_norm_eps,
      nonlinearity: readNonlinearity('hidden_act', fields.hidden_act),
      tied: fields.tie_word_embeddings,
      bias: { attention: fields.attention_bias, mlp: true },
      parallel: fields.use_parallel_residual,
      rotary,
    };
    return {
      shape,
      draw: (context) => drawLayerNormDecoder(context, model, tensorsOf(fields, shape)),
    };
  },
};

/** Older files name base and rotating part in their own way. */
function rotaryOf(config: JsonObject, fields: Fields, headDim: number): Rotary {
  const part = config.partial_rotary_factor ?? fields.rotary_pct;
  return readRotary({ ...config, partial_rotary_factor: part }, { headDim, theta: fields.rotary_emb_base });
}

function tensorsOf(fields: Fields, shape: LayerNormDecoder['shape']): LayerNormTensors {
  const { hidden_size: hidden, intermediate_size: intermediate } = fields;
  const words = 'gpt_neox.embed_in.weight';
  return {
    words,
    positions: null,
    finalNorm: 'gpt_neox.final_layer_norm',
    head: fields.tie_word_embeddings ? words : 'embed_out.weight',
    layer(index) {
      const path = `gpt_neox.layers.${index}`;
      return {
        attentionNorm: `${path}.input_layernorm`,
        mlpNorm: `${path}.post_attention_layernorm`,
        qkv: packedByHead(`${path}.attention.query_key_value.weight`, shape),
        output: wholeTensor(`${path}.attention.dense.weight`, hidden, hidden),
        up: wholeTensor(`${path}.mlp.dense_h_to_4h.weight`, intermediate, hidden),
        down: wholeTensor(`${path}.mlp.dense_4h_to_h.weight`, hidden, intermediate),
      };
    },
  };
}

/** The checkpoint has query, key and value of one head after another; attention wants all queries first. */
function packedByHead(tensor: string, { hidden, heads, headDim }: LayerNormDecoder['shape']): Matrix {
  const part = (head: number, which: number) => ({
    ...{ tensor, rows: headDim },
    slice: { first: (3 * head + which) * headDim, of: 3 * hidden },
  });
  const parts = [0, 1, 2].flatMap((which) => Array.from({ length: heads }, (_, head) => part(head, which)));
  return { name: tensor, parts, columns: hidden };
}
