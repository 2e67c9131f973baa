/** Inputs of a graph over rows of several lengths, and what is derived from their lengths once for all layers. */
import type { GraphContext } from './graph-context.js';

export interface RowLengths {
  /** int64 [batch_size, 1]: each row's tokens, minus one; of a decoder those in the cache after this step. */
  readonly lastPosition: string;
  /** The same as int32, as GroupQueryAttention takes it. */
  readonly seqlens: string;
  /** int32 [1]: the longest row; of a decoder this step's tokens included. */
  readonly totalLength: string;
}

export interface DecoderInputs extends RowLengths {
  /** int64 [batch_size, sequence_length] */
  readonly ids: string;
}

export function decoderInputs(context: GraphContext): DecoderInputs {
  const { builder } = context;
  const ids = builder.input({ name: 'input_ids', type: 'int64', dims: ['batch_size', 'sequence_length'] });
  const mask = builder.input({ name: 'attention_mask', type: 'int64', dims: ['batch_size', 'total_sequence_length'] });
  return { ids, ...rowLengths(context, '/lengths', mask) };
}

/** `mask`: int64 [batch_size, longest row], 1 for a row's tokens and 0 for the padding on their right. */
export function rowLengths({ builder }: GraphContext, path: string, mask: string): RowLengths {
  const sum = builder.node('ReduceSum', path, {
    inputs: [mask, builder.constant('int64', [1n], [1])],
    attributes: { keepdims: 1n },
  });
  const lastPosition = builder.node('Sub', path, { inputs: [sum, builder.constant('int64', [1n])] });
  const seqlens = builder.node('Cast', path, { inputs: [lastPosition], attributes: { to: int32Type } });
  const total = builder.node('Shape', path, { inputs: [mask], attributes: { start: 1n, end: 2n } });
  const totalLength = builder.node('Cast', `${path}/total`, { inputs: [total], attributes: { to: int32Type } });
  return { lastPosition, seqlens, totalLength };
}

/** int64 [batch_size, sequence_length]: an input only of graphs that need positions outside of the attention operator. */
export function positionIds({ builder }: GraphContext): string {
  return builder.input({ name: 'position_ids', type: 'int64', dims: ['batch_size', 'sequence_length'] });
}

/** TensorProto.DataType.INT32 */
const int32Type = 6n;
