/** The attention block of Llama-like decoders: one packed projection, attention, output projection. */
import { type AttentionShape, attention, type LayerRotary } from './attention.js';
import type { GraphContext } from './graph-context.js';
import { activation, linear } from './linear.js';
import type { Matrix } from './matrix.js';
import type { DecoderInputs } from './sequence-lengths.js';

export interface SelfAttentionUse {
  readonly layer: number;
  readonly shape: AttentionShape;
  readonly inputs: DecoderInputs;
  readonly rotary: LayerRotary | null;
  /** Tokens that a token sees, itself included; null: all. */
  readonly window: number | null;
  /** float32 [batch_size, sequence_length, hidden], normalised. */
  readonly x: string;
  readonly bias: { readonly qkv: boolean; readonly output: boolean };
  /** The checkpoint has query, key and value as one matrix, qkv_proj. */
  readonly packed: boolean;
  /** Prefix of the checkpoint's q_proj, k_proj, v_proj and o_proj. */
  readonly tensors: string;
}

/** float32 [batch_size, sequence_length, hidden]. */
export function selfAttention(context: GraphContext, path: string, use: SelfAttentionUse): string {
  const { shape, tensors } = use;
  const qkv = linear(context, `${path}/qkv_proj`, {
    input: activation(context, `${path}/qkv_proj`, use.x),
    matrix: packProjections(use),
    bias: use.bias.qkv,
  });
  const attended = attention(context, path, { ...use, qkv });
  const outputTensor = `${tensors}.o_proj.weight`;
  return linear(context, `${path}/o_proj`, {
    input: activation(context, `${path}/o_proj`, attended),
    matrix: {
      name: outputTensor,
      parts: [{ tensor: outputTensor, rows: shape.hidden }],
      columns: shape.heads * shape.headDim,
    },
    bias: use.bias.output,
  });
}

function packProjections({ shape, packed, tensors }: SelfAttentionUse): Matrix {
  const name = `${tensors}.qkv_proj.weight`;
  const [query, keyOrValue] = [shape.heads * shape.headDim, shape.kvHeads * shape.headDim];
  const parts = packed
    ? [{ tensor: name, rows: query + 2 * keyOrValue }]
    : [
        { tensor: `${tensors}.q_proj.weight`, rows: query },
        { tensor: `${tensors}.k_proj.weight`, rows: keyOrValue },
        { tensor: `${tensors}.v_proj.weight`, rows: keyOrValue },
      ];
  return { name, parts, columns: shape.hidden };
}
