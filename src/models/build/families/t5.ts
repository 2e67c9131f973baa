/** T5 (arXiv 1910.10683), T5 v1.1 and FLAN-T5 (arXiv 2210.11416): an encoder for the prompt, a decoder for the answer. */
import { z } from 'zod';
import type { Nonlinearity } from '../graph/nonlinearity.js';
import type { T5Model, T5Tensors } from '../graph/t5.js';
import { drawT5Decoder } from '../graph/t5-decoder.js';
import { drawT5Encoder } from '../graph/t5-encoder.js';
import type { JsonObject } from '../json.js';
import type { Weights } from '../weights/weights.js';
import { check, maxLayers, readFields, refuse, refuseHeadSize, refuseQuantised, size } from './config-fields.js';
import type { Family } from './family.js';

const schema = z.object({
  architectures: z.array(z.string()).max(64).nullish(),
  num_layers: size(maxLayers),
  num_decoder_layers: size(maxLayers).nullish(),
  d_model: size(1 << 16),
  num_heads: size(1024),
  d_kv: size(4096),
  d_ff: size(1 << 18),
  vocab_size: size(1 << 21),
  relative_attention_num_buckets: size(4096).default(32),
  relative_attention_max_distance: size(1 << 16).default(128),
  layer_norm_epsilon: z.number().positive().max(0.1).default(1e-6),
  feed_forward_proj: z.string().default('relu'),
  tie_word_embeddings: z.boolean().nullish(),
  /** What newer files say instead of it. */
  scale_decoder_outputs: z.boolean().nullish(),
  /** What the model was trained with; its positions are relative and have no end. */
  n_positions: size(1 << 21).default(512),
  decoder_start_token_id: z.int().nonnegative().nullish(),
  pad_token_id: z.int().nonnegative().nullish(),
});

type Fields = z.infer<typeof schema>;

/** Values of one matrix: what a typed array of this many float32 can hold on every supported Node. */
const maxMatrixValues = 2 ** 30;

/** Other heads on the same trunk give no text. */
const generating = ['T5ForConditionalGeneration', 'T5WithLMHeadModel'];

export const t5: Family = {
  modelType: 't5',
  plan(config) {
    refuseQuantised(config);
    const fields = readFields(config, schema);
    const named = fields.architectures ?? generating;
    if (!named.some((name) => generating.includes(name))) {
      refuse(`architectures has ${named.join(', ').slice(0, 64)}; of T5 only T5ForConditionalGeneration is supported.`);
    }
    const model = readModel(config, fields);
    return {
      shape: model.shape,
      draw: (context) => drawT5Decoder(context, model, tensorsOf(context.weights)),
      encoder: {
        startToken: startToken(fields),
        draw: (context) => drawT5Encoder(context, model, tensorsOf(context.weights)),
      },
    };
  },
};

function readModel(config: JsonObject, fields: Fields): T5Model {
  const { d_model: hidden, num_heads: heads, d_kv: headDim, d_ff: intermediate, vocab_size: vocab } = fields;
  refuseHeadSize(headDim);
  const largest = hidden * Math.max(vocab, 3 * heads * headDim, intermediate);
  check(largest <= maxMatrixValues, `a matrix would hold ${largest} values; at most ${maxMatrixValues} are allowed.`);
  const layers = fields.num_decoder_layers ?? fields.num_layers;
  return {
    shape: { layers, hidden, heads, kvHeads: heads, headDim, vocab, context: fields.n_positions },
    ...{ encoderLayers: fields.num_layers, intermediate, epsilon: fields.layer_norm_epsilon },
    ...readFeedForward(config.feed_forward_proj ?? 'relu'),
    bias: readBias(fields),
    // T5 v1.1 and FLAN-T5 were trained with a head of their own, without the factor.
    logitScale: (fields.scale_decoder_outputs ?? fields.tie_word_embeddings ?? true) ? hidden ** -0.5 : 1,
  };
}

function readBias(fields: Fields): T5Model['bias'] {
  const { relative_attention_num_buckets: buckets, relative_attention_max_distance: maxDistance } = fields;
  check(buckets >= 4, `relative_attention_num_buckets ${buckets} must be at least 4.`);
  check(
    maxDistance > buckets / 2,
    `relative_attention_max_distance ${maxDistance} must be more than half of the ${buckets} buckets.`,
  );
  return { buckets, maxDistance };
}

const feedForwards = new Map<unknown, { readonly nonlinearity: Nonlinearity; readonly gated: boolean }>([
  ['relu', { nonlinearity: 'relu', gated: false }],
  ['gated-gelu', { nonlinearity: 'gelu-tanh', gated: true }],
]);

function readFeedForward(name: unknown): Pick<T5Model, 'nonlinearity' | 'gated'> {
  const known = [...feedForwards.keys()].join(' or ');
  return (
    feedForwards.get(name) ??
    refuse(`feed_forward_proj ${String(name).slice(0, 64)} is not supported; only ${known} is.`)
  );
}

/** The token before the first of every answer. */
function startToken({ decoder_start_token_id: start, pad_token_id: padding, vocab_size: vocab }: Fields): number {
  const token = start ?? padding ?? 0;
  check(token < vocab, `decoder_start_token_id ${token} must be below vocab_size ${vocab}.`);
  return token;
}

/** Tensors that are shared are stored once, under one of their names. */
function tensorsOf(weights: Weights): T5Tensors {
  const shared = ['shared.weight', 'decoder.embed_tokens.weight', 'encoder.embed_tokens.weight'];
  const words = shared.find((name) => weights.has(name)) ?? 'shared.weight';
  return { words, head: weights.has('lm_head.weight') ? 'lm_head.weight' : words };
}
