/** The settings that the config.json files of Llama-like decoders share, checked before anything is allocated. */
import { z } from 'zod';
import type { Manifest } from '../../manifest.js';
import type { GatedDecoder } from '../graph/gated-decoder.js';
import type { JsonObject } from '../json.js';
import { check, maxLayers, readFields, refuse, refuseHeadSize, refuseQuantised, size } from './config-fields.js';
import { readRotary } from './rotary-config.js';

const configSchema = z.object({
  hidden_size: size(1 << 16),
  intermediate_size: size(1 << 18),
  num_hidden_layers: size(maxLayers),
  num_attention_heads: size(1024),
  num_key_value_heads: size(1024).nullish(),
  head_dim: size(1024).nullish(),
  vocab_size: size(1 << 21),
  rms_norm_eps: z.number().positive().max(0.1),
  tie_word_embeddings: z.boolean().nullish(),
});

/** What a family means by fields that config.json may leave out. */
export interface FamilyDefaults {
  readonly tied: boolean;
  /** Base of the rotary frequencies. */
  readonly theta: number;
  /** hidden_size / num_attention_heads when left out. */
  readonly headDim?: number;
}

/** Values of one matrix: what a typed array of this many float32 can hold on every supported Node. */
const maxMatrixValues = 2 ** 30;

/**
 * Llama's decoder in the sizes of config.json: silu, rotary positions and full attention in every layer, no biases.
 * A family replaces what differs. Throws as `Family.plan`.
 */
export function readGatedDecoder(config: JsonObject, defaults: FamilyDefaults): GatedDecoder {
  const fields = readFields(config, configSchema);
  refuseQuantised(config);
  const heads = fields.num_attention_heads;
  const headDim = fields.head_dim ?? defaults.headDim ?? fields.hidden_size / heads;
  check(
    Number.isInteger(headDim),
    `hidden_size ${fields.hidden_size} must be a multiple of num_attention_heads ${heads}.`,
  );
  check(headDim % 2 === 0, `head_dim ${headDim} must be even.`);
  refuseHeadSize(headDim);
  const rotary = readRotary(config, { headDim, theta: defaults.theta });
  const sizes = { hidden: fields.hidden_size, heads, kvHeads: fields.num_key_value_heads ?? heads, headDim };
  const layers = fields.num_hidden_layers;
  const shape = { ...sizes, layers, vocab: fields.vocab_size, context: rotary.context };
  checkShape(shape, fields.intermediate_size);
  return {
    ...{ shape, attention: sizes, layers: Array.from({ length: layers }, () => ({ rotary, window: null })) },
    ...{ norm: { epsilon: fields.rms_norm_eps, offset: 0 }, intermediate: fields.intermediate_size, gate: 'silu' },
    ...{ tied: fields.tie_word_embeddings ?? defaults.tied, bias: { qkv: false, output: false, mlp: false } },
    packed: false,
  };
}

/** Refuses any other function than these. Throws `unsupported_model`. */
export function requireNonlinearity(config: JsonObject, field: string, allowed: readonly string[]): void {
  const value = config[field] ?? allowed[0];
  if (typeof value === 'string' && allowed.includes(value)) return;
  refuse(`${field} ${JSON.stringify(value)?.slice(0, 64)} is not supported here; only ${allowed.join(' or ')} is.`);
}

/** The windows of the layers; one that is not smaller than the context is none. */
export function withWindows(model: GatedDecoder, windows: readonly (number | null)[]): GatedDecoder['layers'] {
  return model.layers.map((layer, index) => {
    const window = windows[index] ?? null;
    return { ...layer, window: window === null || window >= model.shape.context ? null : window };
  });
}

function checkShape(shape: Manifest['shape'], intermediate: number): void {
  const { hidden, heads, kvHeads, headDim, vocab } = shape;
  check(heads % kvHeads === 0, `num_attention_heads ${heads} must be a multiple of num_key_value_heads ${kvHeads}.`);
  const largest = Math.max(vocab * hidden, 2 * intermediate * hidden, (heads + 2 * kvHeads) * headDim * hidden);
  check(largest <= maxMatrixValues, `a matrix would hold ${largest} values; at most ${maxMatrixValues} are allowed.`);
}
