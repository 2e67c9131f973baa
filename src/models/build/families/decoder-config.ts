/** The settings that the config.json files of Llama-like decoders share, checked before anything is allocated. */
import { z } from 'zod';
import { OctavoError } from '../../../errors.js';
import type { PreNormDecoder } from '../graph/pre-norm-decoder.js';
import type { JsonObject } from '../json.js';

const size = (max: number) => z.int().positive().max(max);

const theta = z.number().min(1).max(1e12);

const rotarySchema = z.looseObject({
  rope_type: z.string().optional(),
  type: z.string().optional(),
  rope_theta: theta.optional(),
});

const configSchema = z.object({
  hidden_size: size(1 << 16),
  intermediate_size: size(1 << 18),
  num_hidden_layers: size(1024),
  num_attention_heads: size(1024),
  num_key_value_heads: size(1024).nullish(),
  head_dim: size(1024).nullish(),
  vocab_size: size(1 << 21),
  max_position_embeddings: size(1 << 21),
  rms_norm_eps: z.number().positive().max(0.1),
  rope_theta: theta.nullish(),
  rope_scaling: rotarySchema.nullish(),
  /** Where newer files keep both rotary settings. */
  rope_parameters: rotarySchema.nullish(),
  partial_rotary_factor: z.number().nullish(),
  hidden_act: z.string(),
  tie_word_embeddings: z.boolean().nullish(),
  quantization_config: z.unknown().optional(),
});

/** Values of one matrix: what a typed array of this many float32 can hold on every supported Node. */
const maxMatrixValues = 2 ** 30;

/** Everything of a decoder but its biases, which each family decides by itself. Throws as `Family.plan`. */
export function readDecoderConfig(config: JsonObject): Omit<PreNormDecoder, 'bias'> {
  const parsed = configSchema.safeParse(config);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new OctavoError('invalid_model', `config.json: ${issue?.path.join('.')}: ${issue?.message}.`);
  }
  const fields = parsed.data;
  refuseUnsupported(fields);
  const heads = fields.num_attention_heads;
  const shape = {
    layers: fields.num_hidden_layers,
    hidden: fields.hidden_size,
    heads,
    kvHeads: fields.num_key_value_heads ?? heads,
    headDim: fields.head_dim ?? fields.hidden_size / heads,
    vocab: fields.vocab_size,
    context: fields.max_position_embeddings,
  };
  checkShape(shape, fields.intermediate_size);
  return {
    shape,
    intermediate: fields.intermediate_size,
    epsilon: fields.rms_norm_eps,
    theta: fields.rope_theta ?? fields.rope_parameters?.rope_theta ?? 10_000,
    tied: fields.tie_word_embeddings ?? false,
  };
}

/** A boolean setting of config.json, false when absent. Throws `invalid_model`. */
export function readFlag(config: JsonObject, name: string): boolean {
  const value = config[name] ?? false;
  if (typeof value !== 'boolean') throw new OctavoError('invalid_model', `config.json: ${name} must be true or false.`);
  return value;
}

function refuseUnsupported(fields: z.infer<typeof configSchema>): void {
  const refuse = (sentence: string): never => {
    throw new OctavoError('unsupported_model', `config.json: ${sentence}`);
  };
  for (const rotary of [fields.rope_scaling, fields.rope_parameters]) {
    const kind = rotary?.rope_type ?? rotary?.type ?? 'default';
    if (kind !== 'default') refuse(`rotary scaling of type ${kind} is not supported yet; only unscaled positions are.`);
  }
  if ((fields.partial_rotary_factor ?? 1) !== 1) refuse('partial_rotary_factor must be 1; others are not supported.');
  if (fields.hidden_act !== 'silu') refuse(`hidden_act ${fields.hidden_act} is not supported here; only silu is.`);
  if (fields.quantization_config) refuse('the weights are quantised already; build from the original checkpoint.');
}

function checkShape(shape: PreNormDecoder['shape'], intermediate: number): void {
  const check = (holds: boolean, sentence: string) => {
    if (!holds) throw new OctavoError('invalid_model', `config.json: ${sentence}`);
  };
  const { hidden, heads, kvHeads, headDim, vocab, context } = shape;
  check(Number.isInteger(headDim), `hidden_size ${hidden} must be a multiple of num_attention_heads ${heads}.`);
  check(headDim % 2 === 0, `head_dim ${headDim} must be even.`);
  check(heads % kvHeads === 0, `num_attention_heads ${heads} must be a multiple of num_key_value_heads ${kvHeads}.`);
  const largest = Math.max(vocab * hidden, 2 * intermediate * hidden, (heads + 2 * kvHeads) * headDim * hidden);
  check(largest <= maxMatrixValues, `a matrix would hold ${largest} values; at most ${maxMatrixValues} are allowed.`);
  check(
    (context * headDim) / 2 <= maxMatrixValues / 4,
    `max_position_embeddings ${context} with head_dim ${headDim} makes rotary tables of more than 1 GiB.`,
  );
}
