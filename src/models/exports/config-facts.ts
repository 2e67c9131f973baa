/** What config.json says of a model's sizes, whatever its family calls them. */
import { z } from 'zod';
import { OctavoError } from '../../errors.js';
import { readFields, size } from '../build/families/config-fields.js';
import type { JsonObject } from '../build/json.js';

export interface ConfigFacts {
  /** `model_type`. */
  readonly architecture: string;
  readonly layers: number | null;
  readonly kvHeads: number | null;
  readonly headDim: number | null;
  readonly hidden: number | null;
  readonly vocab: number | null;
  /** Positions: the longest text in tokens. */
  readonly context: number | null;
}

const count = (max: number) => size(max).nullish();
const [layers, heads, width, positions] = [count(1024), count(4096), count(1 << 20), count(1 << 24)];

const schema = z.object({
  model_type: z.string().max(64),
  ...{ num_hidden_layers: layers, n_layer: layers, n_layers: layers, num_layers: layers },
  ...{ num_attention_heads: heads, n_head: heads, n_heads: heads, num_heads: heads, num_key_value_heads: heads },
  ...{ hidden_size: width, n_embd: width, d_model: width, dim: width, head_dim: heads },
  vocab_size: count(1 << 22),
  ...{ max_position_embeddings: positions, n_positions: positions, n_ctx: positions, max_seq_len: positions },
});

/** Throws `invalid_model` naming a field that is out of bounds. */
export function readConfigFacts(config: JsonObject): ConfigFacts {
  const fields = readFields(config, schema);
  const first = (...values: readonly (number | null | undefined)[]) => values.find((value) => value != null) ?? null;
  const queryHeads = first(fields.num_attention_heads, fields.n_head, fields.n_heads, fields.num_heads);
  const hidden = first(fields.hidden_size, fields.n_embd, fields.d_model, fields.dim);
  const headDim = hidden !== null && queryHeads !== null ? hidden / queryHeads : null;
  return {
    architecture: fields.model_type,
    layers: first(fields.num_hidden_layers, fields.n_layer, fields.n_layers, fields.num_layers),
    kvHeads: first(fields.num_key_value_heads, queryHeads),
    headDim: first(fields.head_dim, headDim),
    hidden,
    vocab: fields.vocab_size ?? null,
    context: first(fields.max_position_embeddings, fields.n_positions, fields.n_ctx, fields.max_seq_len),
  };
}

/**
 * One number that the configuration and the graph both may know. Throws `invalid_model` where they differ, or neither
 * says it. `what` names it for a person.
 */
export function agree(what: string, configured: number | null, drawn: number | null): number {
  if (configured !== null && drawn !== null && configured !== drawn) {
    throw new OctavoError('invalid_model', `The configuration says ${configured} ${what}, the graph has ${drawn}.`);
  }
  const value = drawn ?? configured;
  if (value === null) {
    throw new OctavoError('invalid_model', `Neither the configuration nor the graph says how many ${what} there are.`);
  }
  return value;
}

/** A whole number from 1 to `max`. Throws `invalid_model`. */
export function bounded(what: string, value: number | null, max: number): number {
  if (value !== null && Number.isInteger(value) && value >= 1 && value <= max) return value;
  throw new OctavoError(
    'invalid_model',
    `The number of ${what} would be ${value}; it is a whole one from 1 to ${max}.`,
  );
}
