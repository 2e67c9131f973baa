/** Causal attention with a KV cache: GroupQueryAttention, and what must happen to queries and keys before it. */
import { invariant } from '../../../errors.js';
import { cacheScales } from './cache-scales.js';
import type { GraphContext } from './graph-context.js';
import { type RmsNorm, rmsNorm } from './norm.js';
import type { Rotary, RotaryTables } from './rotary.js';
import type { DecoderInputs } from './sequence-lengths.js';
import { constantTensor } from './tensor.js';

export interface AttentionShape {
  readonly hidden: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  /** Factor on the scores; 1 / sqrt(headDim) when left out. */
  readonly scale?: number;
  /** Scores become softcap * tanh(score / softcap). */
  readonly softcap?: number;
  /** Norm of each query and key by itself, with weights q_norm and k_norm, before they rotate. */
  readonly headNorm?: RmsNorm;
}

/** How queries and keys of a layer turn with their positions. */
export interface LayerRotary {
  readonly rotary: Rotary;
  readonly tables: RotaryTables;
  /** int64 [batch_size, sequence_length]; absent where the attention operator rotates by itself. */
  readonly positions?: string;
}

/**
 * Whether the attention operator can rotate: its head size must be a multiple of 16, and so must the part that rotates
 * (ONNX Runtime, CPU provider).
 */
export function rotatesInside(rotary: Rotary, headDim: number): boolean {
  return headDim % 16 === 0 && rotary.frequencies.length % 8 === 0;
}

export interface AttentionUse {
  readonly layer: number;
  readonly shape: AttentionShape;
  readonly inputs: DecoderInputs;
  /** float32 [batch_size, sequence_length, (heads + 2 kvHeads) * headDim]: queries, keys, values. */
  readonly qkv: string;
  /** null: no positions in this layer. */
  readonly rotary: LayerRotary | null;
  /** Tokens that a token sees, itself included; null: all. */
  readonly window: number | null;
  /** Prefix of the checkpoint's q_norm and k_norm. */
  readonly tensors: string;
}

/**
 * float32 [batch_size, sequence_length, heads * headDim]. past_key_values.N.* go straight in and present.N.* straight
 * out, so that a runtime can bind both to the same memory and the operator appends in place.
 */
export function attention(context: GraphContext, path: string, use: AttentionUse): string {
  const { builder } = context;
  const { shape, inputs, layer, rotary } = use;
  const type = context.cacheRanges === undefined ? 'float32' : 'int8';
  const cache = (name: string, length: string) =>
    ({ name, type, dims: ['batch_size', shape.kvHeads, length, shape.headDim] }) as const;
  const past = ['key', 'value'].map((part) =>
    builder.input(cache(`past_key_values.${layer}.${part}`, 'past_sequence_length')),
  );
  const present = ['key', 'value'].map((part) => `present.${layer}.${part}`);
  const inside = rotary !== null && rotary.positions === undefined;
  const tables = inside ? [rotary.tables.cos, rotary.tables.sin] : ['', ''];
  const noPositionsBiasSinks = ['', '', ''];
  const rounding = int8Cache(context, path, { use, present });
  const attended = builder.node('GroupQueryAttention', path, {
    inputs: givenInputs([
      ...queriesKeysValues(context, path, use),
      ...past,
      inputs.seqlens,
      inputs.totalLength,
      ...tables,
      ...noPositionsBiasSinks,
      ...rounding.scales,
    ]),
    outputs: [`${path}/GroupQueryAttention/output_0`, ...present],
    attributes: {
      num_heads: BigInt(shape.heads),
      kv_num_heads: BigInt(shape.kvHeads),
      do_rotary: inside ? 1n : 0n,
      rotary_interleaved: 0n,
      ...(use.window !== null && { local_window_size: BigInt(use.window) }),
      ...(shape.scale !== undefined && { scale: shape.scale }),
      ...(shape.softcap !== undefined && { softcap: shape.softcap }),
      ...rounding.attributes,
    },
  });
  for (const name of present) builder.output(cache(name, 'total_sequence_length'));
  return attended;
}

/** Without those at the end that are left out. */
function givenInputs(inputs: readonly string[]): readonly string[] {
  return inputs.slice(0, inputs.findLastIndex((name) => name !== '') + 1);
}

/** What the operator needs to know of a cache in int8: the scales of keys and values; nothing where it is float32. */
function int8Cache(
  { builder, cacheRanges }: GraphContext,
  path: string,
  { use, present }: { use: AttentionUse; present: readonly string[] },
) {
  if (cacheRanges === undefined) return { scales: [], attributes: {} };
  const { kvHeads, headDim } = use.shape;
  const pairs = use.rotary?.rotary.frequencies.length ?? 0;
  const scales = (['k', 'v'] as const).map((part, index) => {
    const ranges = cacheRanges.get(present[index]!);
    invariant(ranges?.length === kvHeads * headDim, `the range of every channel of ${present[index]} is known`);
    const name = `${path}/${part}_scale`;
    const turning = { headDim, pairs: part === 'k' ? pairs : 0 };
    const spec = { name, type: 'float32', dims: [1, kvHeads, 1, headDim] } as const;
    builder.initializers(constantTensor(spec, [...cacheScales(ranges, turning)]));
    return name;
  });
  const attributes = { k_quant_type: 'PER_CHANNEL', v_quant_type: 'PER_CHANNEL', kv_cache_bit_width: 8n };
  return { scales, attributes };
}

/** The operator's first three inputs: packed in one where nothing happens to them before. */
function queriesKeysValues(context: GraphContext, path: string, use: AttentionUse): readonly [string, string, string] {
  const { builder } = context;
  const { shape, rotary } = use;
  const outside = rotary?.positions !== undefined;
  if (shape.headNorm === undefined && !outside) return [use.qkv, '', ''];
  const [q, k, v] = [`${path}/q`, `${path}/k`, `${path}/v`] as const;
  const widths = [shape.heads, shape.kvHeads, shape.kvHeads].map((heads) => BigInt(heads * shape.headDim));
  builder.node('Split', path, {
    inputs: [use.qkv, builder.constant('int64', widths, [3])],
    outputs: [q, k, v],
    attributes: { axis: -1n },
  });
  const prepared = (part: 'q' | 'k', heads: number) => {
    const x = normHeads(context, `${path}/${part}`, { use, part, heads });
    return outside ? rotate(context, `${path}/${part}_rotary`, { x, heads, rotary }) : x;
  };
  return [prepared('q', shape.heads), prepared('k', shape.kvHeads), v];
}

/** `path` is the value, too: float32 [batch_size, sequence_length, heads * headDim]. */
function normHeads(
  context: GraphContext,
  path: string,
  { use, part, heads }: { use: AttentionUse; part: 'q' | 'k'; heads: number },
): string {
  const { headNorm, headDim } = use.shape;
  if (headNorm === undefined) return path;
  const reshape = (x: string, lastAxes: readonly number[]) => {
    const axes = [0, 0, ...lastAxes].map(BigInt);
    return context.builder.node('Reshape', path, {
      inputs: [x, context.builder.constant('int64', axes, [axes.length])],
    });
  };
  const normed = rmsNorm(context, `${path}_norm`, {
    ...headNorm,
    tensor: `${use.tensors}.${part}_norm.weight`,
    size: headDim,
    x: reshape(path, [heads, headDim]),
  });
  return reshape(normed, [heads * headDim]);
}

/** The same shape, rotated by an operator of its own. */
function rotate(
  context: GraphContext,
  path: string,
  { x, heads, rotary }: { x: string; heads: number; rotary: LayerRotary },
): string {
  return context.builder.node('RotaryEmbedding', path, {
    inputs: [x, rotary.positions ?? '', rotary.tables.cos, rotary.tables.sin],
    attributes: {
      num_heads: BigInt(heads),
      interleaved: 0n,
      rotary_embedding_dim: BigInt(2 * rotary.rotary.frequencies.length),
    },
  });
}
