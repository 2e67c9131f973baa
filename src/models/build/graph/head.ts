/** The end of a decoder: the positions whose logits are wanted, the final norm, the head. */
import type { GraphContext } from './graph-context.js';
import { activation, addFloatRows, multiply, scaleRows } from './linear.js';
import type { Matrix } from './matrix.js';
import { type NormUse, type ResidualStream, rmsNorm } from './norm.js';
import type { DecoderInputs } from './sequence-lengths.js';

export interface HeadUse {
  readonly inputs: DecoderInputs;
  readonly stream: ResidualStream;
  readonly norm: NormUse;
  /** [vocab, hidden] */
  readonly matrix: Matrix;
  /** The embedding serves as the head: `matrix` names its initializer in fp32. */
  readonly tied: boolean;
  readonly vocab: number;
}

/** Adds the output `logits`, float32 [batch_size, num_logits, vocab]. */
export function logitsHead(context: GraphContext, use: HeadUse): void {
  const { builder } = context;
  const { sum, update } = use.stream;
  const hidden = update === undefined ? sum : builder.node('Add', '/model/sum', { inputs: [sum, update] });
  const kept = keepPositions(context, { hidden, inputs: use.inputs });
  const { normed } = rmsNorm(context, '/model/norm', { ...use.norm, stream: { sum: kept } });
  project(context, normed, use);
  builder.output({ name: 'logits', type: 'float32', dims: ['batch_size', 'num_logits', use.vocab] });
}

/** In fp32 the matrix stays [vocab, hidden], so that a tied embedding is stored once. */
function project(context: GraphContext, x: string, { matrix, tied }: HeadUse): void {
  const { builder } = context;
  const path = '/lm_head';
  if (context.precision === 'fp32') {
    if (!tied) addFloatRows(context, matrix);
    const attributes = { transB: 1n };
    builder.node('FusedMatMul', path, { inputs: [x, matrix.name], outputs: ['logits'], attributes });
    return;
  }
  const input = activation(context, path, x);
  const product = multiply(context, path, { input, matrix });
  scaleRows(context, path, { x: product, rowScale: input.rowScale, output: 'logits' });
}

/**
 * The hidden states whose logits are wanted, [batch_size, num_logits, hidden]: every position while the input
 * `num_logits_to_keep` is 0 (its default), otherwise each row's last real token. Of this step's tokens that is number
 * min(lastPosition, sequence_length - 1): in right-padded prompts from an empty cache the first is the smaller, in a
 * later chunk and in decode the second.
 */
function keepPositions(context: GraphContext, use: { hidden: string; inputs: DecoderInputs }): string {
  const { builder } = context;
  const path = '/keep';
  const [zero, one] = [builder.constant('int64', [0n]), builder.constant('int64', [1n])];
  const lastOnly = builder.node('Cast', path, {
    inputs: [builder.defaultedInput('num_logits_to_keep', 0n)],
    attributes: { to: boolType },
  });
  const length = builder.node('Shape', path, { inputs: [use.inputs.ids], attributes: { start: 1n, end: 2n } });
  const end = builder.node('Sub', path, { inputs: [length, one] });
  const last = builder.node('Min', path, { inputs: [use.inputs.lastPosition, end] });
  const first = builder.node('Where', `${path}/first`, { inputs: [lastOnly, last, zero] });
  const count = builder.node('Where', `${path}/count`, { inputs: [lastOnly, one, length] });
  const steps = builder.node('Range', path, { inputs: [zero, count, one] });
  const positions = builder.node('Add', path, { inputs: [first, steps] });
  const indices = builder.node('Unsqueeze', path, { inputs: [positions, builder.constant('int64', [2n], [1])] });
  return builder.node('GatherND', path, { inputs: [use.hidden, indices], attributes: { batch_dims: 1n } });
}

/** TensorProto.DataType.BOOL */
const boolType = 9n;
