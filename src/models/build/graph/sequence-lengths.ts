/** Inputs of a decoder graph, and what is derived from their lengths once for all layers. */
import type { GraphContext } from './graph-context.js';

export interface DecoderInputs {
  /** int64 [batch_size, sequence_length] */
  readonly ids: string;
  /** int64 [batch_size, 1]: tokens in the cache after this step, minus one. */
  readonly lastPosition: string;
  /** The same as int32, as GroupQueryAttention takes it. */
  readonly seqlens: string;
  /** int32 [1]: the longest row, this step's tokens included. */
  readonly totalLength: string;
}

export function decoderInputs({ builder }: GraphContext): DecoderInputs {
  const ids = builder.input({ name: 'input_ids', type: 'int64', dims: ['batch_size', 'sequence_length'] });
  const mask = builder.input({ name: 'attention_mask', type: 'int64', dims: ['batch_size', 'total_sequence_length'] });
  const path = '/lengths';
  const sum = builder.node('ReduceSum', path, {
    inputs: [mask, builder.constant('int64', [1n], [1])],
    attributes: { keepdims: 1n },
  });
  const lastPosition = builder.node('Sub', path, { inputs: [sum, builder.constant('int64', [1n])] });
  const seqlens = builder.node('Cast', path, { inputs: [lastPosition], attributes: { to: int32Type } });
  const total = builder.node('Shape', path, { inputs: [mask], attributes: { start: 1n, end: 2n } });
  const totalLength = builder.node('Cast', `${path}/total`, { inputs: [total], attributes: { to: int32Type } });
  return { ids, lastPosition, seqlens, totalLength };
}

/** int64 [batch_size, sequence_length]: an input only of graphs that need positions outside of the attention operator. */
export function positionIds({ builder }: GraphContext): string {
  return builder.input({ name: 'position_ids', type: 'int64', dims: ['batch_size', 'sequence_length'] });
}

/** TensorProto.DataType.INT32 */
const int32Type = 6n;
