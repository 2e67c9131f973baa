/** ModernBERT (arXiv 2412.13663): rotary positions of two bases, a window in two layers of three, gated MLPs, no biases. */
import { z } from 'zod';
import { rotatesInside } from '../graph/attention.js';
import { encoderHead } from '../graph/encoder-head.js';
import { encoderInputs } from '../graph/encoder-inputs.js';
import { drawPreNormEncoder, type PreNormEncoder } from '../graph/pre-norm-encoder.js';
import type { Rotary } from '../graph/rotary.js';
import type { JsonObject } from '../json.js';
import { maxLayers, readFields, refuse, refuseQuantised, size } from './config-fields.js';
import { encoderHeadOf, type LabelLayers, longestText, readEncoderOutput } from './encoder-config.js';
import type { Family } from './family.js';
import { layerNormShape, readNonlinearity } from './layer-norm-config.js';
import { readSlidingLayers } from './layer-types.js';
import { readRotary } from './rotary-config.js';

const schema = z.object({
  num_hidden_layers: size(maxLayers),
  hidden_size: size(1 << 16),
  num_attention_heads: size(1024),
  intermediate_size: size(1 << 17),
  max_position_embeddings: size(1 << 21),
  vocab_size: size(1 << 21),
  hidden_activation: z.string().default('gelu'),
  norm_eps: z.number().positive().max(0.1).default(1e-5),
  norm_bias: z.boolean().default(false),
  attention_bias: z.boolean().default(false),
  mlp_bias: z.boolean().default(false),
  local_attention: z
    .int()
    .positive()
    .max(1 << 21)
    .default(128),
  global_attn_every_n_layers: size(maxLayers).default(3),
  classifier_pooling: z.enum(['cls', 'mean']).default('cls'),
  classifier_activation: z.string().default('gelu'),
  classifier_bias: z.boolean().default(false),
  global_rope_theta: z.number().nullish(),
  local_rope_theta: z.number().nullish(),
  rope_parameters: z.record(z.string(), z.record(z.string(), z.unknown())).nullish(),
});

type Fields = z.infer<typeof schema>;

export const modernbert: Family = {
  modelType: 'modernbert',
  plan(config, modules) {
    refuseQuantised(config);
    const fields = readFields(config, schema);
    const output = readEncoderOutput(config, fields.hidden_size);
    const model = readModel(config, fields);
    const shape = { ...model.shape, context: longestText(model.shape.context, output, modules) };
    const head = encoderHeadOf(output, modules, { classify: labelLayers(fields), tag: labelLayers(fields) });
    return {
      ...{ shape, output },
      draw(context) {
        const inputs = encoderInputs(context);
        const prefix = context.weights.has('embeddings.tok_embeddings.weight') ? '' : 'model.';
        const states = drawPreNormEncoder(context, { model, inputs, prefix });
        encoderHead(context, { head, states, hidden: shape.hidden, inputs });
      },
    };
  },
};

function readModel(config: JsonObject, fields: Fields): PreNormEncoder {
  const shape = layerNormShape({
    ...{ layers: fields.num_hidden_layers, hidden: fields.hidden_size, heads: fields.num_attention_heads },
    ...{ intermediate: 2 * fields.intermediate_size, vocab: fields.vocab_size },
    context: fields.max_position_embeddings,
  });
  const full = rotaryOf(fields, { kind: 'full_attention', headDim: shape.headDim });
  const local = rotaryOf(fields, { kind: 'sliding_attention', headDim: shape.headDim });
  const every = fields.global_attn_every_n_layers;
  const slides = readSlidingLayers(config, shape.layers, (layer) => layer % every !== 0);
  // A token sees as many on its left as on its right.
  const reach = Math.floor(fields.local_attention / 2);
  return {
    ...{ shape, norm: { epsilon: fields.norm_eps, biasless: !fields.norm_bias } },
    intermediate: fields.intermediate_size,
    gate: readNonlinearity('hidden_activation', fields.hidden_activation),
    bias: { attention: fields.attention_bias, mlp: fields.mlp_bias },
    layers: slides.map((sliding) => (sliding ? { rotary: local, reach } : { rotary: full, reach: null })),
  };
}

/** Older files have the bases as fields of their own; one without a local base has the same for all. */
function rotaryOf(
  fields: Fields,
  { kind, headDim }: { kind: 'full_attention' | 'sliding_attention'; headDim: number },
): Rotary {
  const { global_rope_theta: base, local_rope_theta: localBase, max_position_embeddings } = fields;
  const global = base ?? 160_000;
  const local = localBase === null ? global : (localBase ?? 10_000);
  const settings = { max_position_embeddings, rope_parameters: fields.rope_parameters?.[kind] };
  const rotary = readRotary(settings, { headDim, theta: kind === 'full_attention' ? global : local });
  if (!rotatesInside(rotary, headDim)) {
    refuse(`heads of ${headDim} dimensions are not supported for modernbert; it must be a multiple of 16.`);
  }
  return rotary;
}

function labelLayers(fields: Fields): LabelLayers {
  return {
    pooling: fields.classifier_pooling,
    dense: {
      ...{ tensors: 'head.dense', bias: fields.classifier_bias },
      nonlinearity: readNonlinearity('classifier_activation', fields.classifier_activation),
      norm: { tensors: 'head.norm', epsilon: fields.norm_eps, biasless: !fields.norm_bias },
    },
    classifier: 'classifier',
  };
}
