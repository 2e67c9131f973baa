/** Causal self-attention with a KV cache and rotary positions: one packed projection, GroupQueryAttention, output projection. */
import type { GraphContext } from './graph-context.js';
import { activation, linear } from './linear.js';
import { type RotaryShape, rotaryTable } from './rotary.js';
import type { DecoderInputs } from './sequence-lengths.js';

export interface AttentionShape extends RotaryShape {
  readonly hidden: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly bias: { readonly qkv: boolean; readonly output: boolean };
}

/** Values that all layers share. */
export interface AttentionInputs extends DecoderInputs {
  /** float32 [context, headDim / 2] */
  readonly cos: string;
  readonly sin: string;
  /** int64 [batch_size, sequence_length]; absent where the attention operator rotates by itself. */
  readonly positions?: string;
}

/** The operator's own rotary needs a head size that is a multiple of 16 (ONNX Runtime, CPU provider). */
export function rotatesInside(shape: RotaryShape): boolean {
  return shape.headDim % 16 === 0;
}

export function attentionInputs(context: GraphContext, inputs: DecoderInputs, shape: RotaryShape): AttentionInputs {
  const { builder } = context;
  const [cos, sin] = ['rotary.cos', 'rotary.sin'] as const;
  builder.initializers(rotaryTable(cos, shape, Math.cos));
  builder.initializers(rotaryTable(sin, shape, Math.sin));
  if (rotatesInside(shape)) return { ...inputs, cos, sin };
  const positions = builder.input({ name: 'position_ids', type: 'int64', dims: ['batch_size', 'sequence_length'] });
  return { ...inputs, cos, sin, positions };
}

export interface AttentionUse {
  readonly layer: number;
  readonly shape: AttentionShape;
  readonly inputs: AttentionInputs;
  /** float32 [batch_size, sequence_length, hidden], normalised. */
  readonly x: string;
  /** Prefix of the checkpoint's q_proj, k_proj, v_proj and o_proj. */
  readonly tensors: string;
}

/** float32 [batch_size, sequence_length, hidden]. */
export function attention(context: GraphContext, path: string, use: AttentionUse): string {
  const { shape, tensors } = use;
  const qkv = linear(context, `${path}/qkv_proj`, {
    input: activation(context, `${path}/qkv_proj`, use.x),
    matrix: {
      name: `${tensors}.qkv_proj.weight`,
      parts: [
        { tensor: `${tensors}.q_proj.weight`, rows: shape.heads * shape.headDim },
        { tensor: `${tensors}.k_proj.weight`, rows: shape.kvHeads * shape.headDim },
        { tensor: `${tensors}.v_proj.weight`, rows: shape.kvHeads * shape.headDim },
      ],
      columns: shape.hidden,
    },
    bias: shape.bias.qkv,
  });
  const attended = groupQueryAttention(context, path, { ...use, qkv });
  const outputTensor = `${tensors}.o_proj.weight`;
  return linear(context, `${path}/o_proj`, {
    input: activation(context, `${path}/o_proj`, attended),
    matrix: {
      name: outputTensor,
      parts: [{ tensor: outputTensor, rows: shape.hidden }],
      columns: shape.heads * shape.headDim,
    },
    bias: shape.bias.output,
  });
}

/**
 * past_key_values.N.* go straight in and present.N.* straight out, so that a runtime can bind both to the same memory
 * and the operator appends in place.
 */
function groupQueryAttention(context: GraphContext, path: string, use: AttentionUse & { qkv: string }): string {
  const { builder } = context;
  const { shape, inputs, layer } = use;
  const cache = (name: string, length: string) =>
    ({ name, type: 'float32', dims: ['batch_size', shape.kvHeads, length, shape.headDim] }) as const;
  const past = ['key', 'value'].map((part) =>
    builder.input(cache(`past_key_values.${layer}.${part}`, 'past_sequence_length')),
  );
  const present = ['key', 'value'].map((part) => `present.${layer}.${part}`);
  const inside = inputs.positions === undefined;
  const projected = inside ? [use.qkv, '', ''] : rotate(context, path, use);
  const attended = builder.node('GroupQueryAttention', path, {
    inputs: [...projected, ...past, inputs.seqlens, inputs.totalLength, ...(inside ? [inputs.cos, inputs.sin] : [])],
    outputs: [`${path}/GroupQueryAttention/output_0`, ...present],
    attributes: {
      num_heads: BigInt(shape.heads),
      kv_num_heads: BigInt(shape.kvHeads),
      do_rotary: inside ? 1n : 0n,
      rotary_interleaved: 0n,
    },
  });
  for (const name of present) builder.output(cache(name, 'total_sequence_length'));
  return attended;
}

/** Query, key and value apart, the first two rotated by an operator of their own. */
function rotate(context: GraphContext, path: string, use: AttentionUse & { qkv: string }): readonly string[] {
  const { builder } = context;
  const { shape, inputs } = use;
  const [q, k, v] = [`${path}/q`, `${path}/k`, `${path}/v`] as const;
  const widths = [shape.heads, shape.kvHeads, shape.kvHeads].map((heads) => BigInt(heads * shape.headDim));
  builder.node('Split', path, {
    inputs: [use.qkv, builder.constant('int64', widths, [3])],
    outputs: [q, k, v],
    attributes: { axis: -1n },
  });
  const rotated = (x: string, heads: number) =>
    builder.node('RotaryEmbedding', `${x}_rotary`, {
      inputs: [x, inputs.positions ?? '', inputs.cos, inputs.sin],
      attributes: { num_heads: BigInt(heads), interleaved: 0n },
    });
  return [rotated(q, shape.heads), rotated(k, shape.kvHeads), v];
}
