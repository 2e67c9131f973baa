/** Attention of a whole text to itself, in both directions: GroupQueryAttention without a cache. */
import type { LayerRotary } from './attention.js';
import type { GraphContext } from './graph-context.js';
import type { RowLengths } from './sequence-lengths.js';

export interface TextAttentionUse {
  readonly shape: { readonly heads: number; readonly headDim: number };
  readonly lengths: RowLengths;
  /** float32 [batch_size, sequence_length, 3 * heads * headDim]: queries, keys, values. */
  readonly qkv: string;
  /** float32 [batch_size or 1, heads or 1, sequence_length, sequence_length], added to the scores. */
  readonly bias?: string | undefined;
  /** One that the operator applies by itself (`rotatesInside`). */
  readonly rotary?: LayerRotary | undefined;
}

/**
 * float32 [batch_size, sequence_length, heads * headDim]. The operator takes each text's length instead of a mask, and
 * computes nothing for keys in the padding.
 */
export function textAttention({ builder }: GraphContext, path: string, use: TextAttentionUse): string {
  const { shape, lengths, rotary } = use;
  const tables = rotary ? [rotary.tables.cos, rotary.tables.sin] : ['', ''];
  const inputs = [use.qkv, '', '', '', '', lengths.seqlens, lengths.totalLength, ...tables, '', use.bias ?? ''];
  return builder.node('GroupQueryAttention', path, {
    inputs: inputs.slice(0, inputs.findLastIndex((input) => input !== '') + 1),
    attributes: {
      ...{ num_heads: BigInt(shape.heads), kv_num_heads: BigInt(shape.heads), causal: 0n },
      ...(rotary && { do_rotary: 1n, rotary_interleaved: 0n }),
    },
  });
}
