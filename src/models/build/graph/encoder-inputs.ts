/** Inputs of an encoder graph: texts padded on the right, and what is derived from their lengths once for all layers. */
import type { GraphContext } from './graph-context.js';
import { type RowLengths, rowLengths } from './sequence-lengths.js';

export interface EncoderInputs extends RowLengths {
  /** int64 [batch_size, sequence_length] */
  readonly ids: string;
  /** int64 [batch_size, sequence_length]: 1 for tokens, 0 for the padding on their right. */
  readonly mask: string;
}

const dims = ['batch_size', 'sequence_length'] as const;

export function encoderInputs(context: GraphContext): EncoderInputs {
  const ids = context.builder.input({ name: 'input_ids', type: 'int64', dims });
  const mask = context.builder.input({ name: 'attention_mask', type: 'int64', dims });
  return { ids, mask, ...rowLengths(context, '/lengths', mask) };
}

/** int64 [batch_size, sequence_length]: which of a pair of texts a token is of; only in graphs that tell them apart. */
export function tokenTypes({ builder }: GraphContext): string {
  return builder.input({ name: 'token_type_ids', type: 'int64', dims });
}

/** int64 [sequence_length]: 0, 1, 2 …, at most `last`. A text that is padded beyond the positions there are repeats it. */
export function textPositions({ builder }: GraphContext, path: string, use: { ids: string; last: number }): string {
  const [zero, one] = [builder.constant('int64', [0n]), builder.constant('int64', [1n])];
  const length = builder.node('Shape', path, { inputs: [use.ids], attributes: { start: 1n, end: 2n } });
  const end = builder.node('Squeeze', path, { inputs: [length] });
  const steps = builder.node('Range', path, { inputs: [zero, end, one] });
  return builder.node('Min', path, { inputs: [steps, builder.constant('int64', [BigInt(use.last)])] });
}
