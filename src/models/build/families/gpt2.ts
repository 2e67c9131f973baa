/** GPT-2 (Radford et al. 2019, "Language Models are Unsupervised Multitask Learners"): learned positions, Conv1D weights. */
import { z } from 'zod';
import { drawLayerNormDecoder, type LayerNormDecoder, type LayerNormTensors } from '../graph/layer-norm-decoder.js';
import { type Matrix, wholeTensor } from '../graph/matrix.js';
import type { Weights } from '../weights/weights.js';
import { maxLayers, readFields, refuse, refuseQuantised, size } from './config-fields.js';
import type { Family } from './family.js';
import { layerNormShape, readNonlinearity } from './layer-norm-config.js';

const schema = z.object({
  n_layer: size(maxLayers),
  n_embd: size(1 << 16),
  n_head: size(1024),
  n_inner: size(1 << 18).nullish(),
  n_positions: size(1 << 21),
  vocab_size: size(1 << 21),
  layer_norm_epsilon: z.number().positive().max(0.1).default(1e-5),
  activation_function: z.string().default('gelu_new'),
  scale_attn_weights: z.boolean().default(true),
  scale_attn_by_inverse_layer_idx: z.boolean().default(false),
  add_cross_attention: z.boolean().default(false),
  tie_word_embeddings: z.boolean().default(true),
});

type Fields = z.infer<typeof schema>;

export const gpt2: Family = {
  modelType: 'gpt2',
  plan(config) {
    refuseQuantised(config);
    const fields = readFields(config, schema);
    if (fields.add_cross_attention) refuse('add_cross_attention must be false; there is no encoder to attend to.');
    const intermediate = fields.n_inner ?? 4 * fields.n_embd;
    const model: LayerNormDecoder = {
      shape: layerNormShape({
        ...{ layers: fields.n_layer, hidden: fields.n_embd, heads: fields.n_head, intermediate },
        ...{ vocab: fields.vocab_size, context: fields.n_positions },
      }),
      epsilon: fields.layer_norm_epsilon,
      nonlinearity: readNonlinearity('activation_function', fields.activation_function),
      tied: fields.tie_word_embeddings,
      bias: { attention: true, mlp: true },
      parallel: false,
      rotary: null,
    };
    return {
      shape: model.shape,
      draw: (context) => drawLayerNormDecoder(context, model, tensorsOf(fields, intermediate, context.weights)),
    };
  },
};

/** The first checkpoints have the bare decoder's names, later ones those of GPT2LMHeadModel. */
function tensorsOf(fields: Fields, intermediate: number, weights: Weights): LayerNormTensors {
  const { n_embd: hidden, n_positions: context } = fields;
  const prefix = weights.has('wte.weight') ? '' : 'transformer.';
  const words = `${prefix}wte.weight`;
  return {
    words,
    positions: wholeTensor(`${prefix}wpe.weight`, context, hidden),
    finalNorm: `${prefix}ln_f`,
    head: fields.tie_word_embeddings ? words : 'lm_head.weight',
    layer(index) {
      const path = `${prefix}h.${index}`;
      return {
        attentionNorm: `${path}.ln_1`,
        mlpNorm: `${path}.ln_2`,
        qkv: conv1d(`${path}.attn.c_attn`, 3 * hidden, hidden),
        output: conv1d(`${path}.attn.c_proj`, hidden, hidden),
        up: conv1d(`${path}.mlp.c_fc`, intermediate, hidden),
        down: conv1d(`${path}.mlp.c_proj`, hidden, intermediate),
        scale: attentionScale(fields, index),
      };
    },
  };
}

function conv1d(path: string, rows: number, columns: number): Matrix {
  return { ...wholeTensor(`${path}.weight`, rows, columns), transposed: true };
}

function attentionScale(fields: Fields, layer: number): number {
  const scale = fields.scale_attn_weights ? Math.sqrt(fields.n_head / fields.n_embd) : 1;
  return fields.scale_attn_by_inverse_layer_idx ? scale / (layer + 1) : scale;
}
