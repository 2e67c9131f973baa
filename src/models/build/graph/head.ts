/** The end of a decoder: the positions whose logits are wanted, and the head. */
import { addBlocks, multiplyBlocks, vocabularyBits } from './block-matrix.js';
import { type GraphContext, precisionAt } from './graph-context.js';
import { activation, addFloatRows, expectMatrix, multiply, scaleRows } from './linear.js';
import type { Matrix } from './matrix.js';
import type { ResidualStream } from './norm.js';
import type { DecoderInputs } from './sequence-lengths.js';

export interface HeadUse {
  /** float32 [batch_size, num_logits, hidden], normalised. */
  readonly x: string;
  /** Tensor of the checkpoint, [vocab, hidden]: the embedding's where it serves as the head. */
  readonly tensor: string;
  readonly tied: boolean;
  readonly vocab: number;
  readonly hidden: number;
  /** Factor on the logits, before the cap. */
  readonly scale?: number;
  /** Logits become softcap * tanh(logit / softcap). */
  readonly softcap?: number;
}

/** Adds the output `logits`, float32 [batch_size, num_logits, vocab]. */
export function logitsHead(context: GraphContext, use: HeadUse): void {
  const { builder } = context;
  const { softcap, scale = 1 } = use;
  if (softcap === undefined) {
    project(context, use, { factor: scale, output: 'logits' });
  } else {
    const capped = project(context, use, { factor: scale / softcap, output: '/lm_head/capped' });
    const bounded = builder.node('Tanh', '/lm_head', { inputs: [capped] });
    builder.node('Mul', '/lm_head', {
      inputs: [bounded, builder.constant('float32', [softcap])],
      outputs: ['logits'],
    });
  }
  builder.output({ name: 'logits', type: 'float32', dims: ['batch_size', 'num_logits', use.vocab] });
}

/**
 * The hidden states whose logits are wanted, before the last norm, float32 [batch_size, num_logits, hidden]: every
 * position while the input `num_logits_to_keep` is 0 (its default), otherwise each row's last real token. Of this
 * step's tokens that is number min(lastPosition, sequence_length - 1): in right-padded prompts from an empty cache the
 * first is the smaller, in a later chunk and in decode the second.
 */
export function keptStates(context: GraphContext, use: { stream: ResidualStream; inputs: DecoderInputs }): string {
  const { builder } = context;
  const { sum, update } = use.stream;
  const hidden = update === undefined ? sum : builder.node('Add', '/model/sum', { inputs: [sum, update] });
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
  return builder.node('GatherND', path, { inputs: [hidden, indices], attributes: { batch_dims: 1n } });
}

/**
 * The product times `factor`, under the name `output`. In fp32 and in blocks the matrix stays [vocab, hidden], so that a
 * tied embedding is stored once. In int8 it is a second copy: Gather and MatMulIntegerToFloat want opposite layouts.
 */
function project(context: GraphContext, use: HeadUse, result: { factor: number; output: string }): string {
  const { builder } = context;
  const path = '/lm_head';
  const precision = precisionAt(context, path);
  const moved = context.factors?.has('lm_head.weight') ?? false;
  const shared = use.tied && !moved && precision !== 'int8' && precision === context.precision;
  const matrix: Matrix = {
    name: shared ? use.tensor : 'lm_head.weight',
    parts: [{ tensor: use.tensor, rows: use.vocab }],
    columns: use.hidden,
  };
  const { factor, output } = result;
  if (precision === 'fp32') {
    if (!shared) addFloatRows(context, matrix);
    const attributes = { transB: 1n, ...(factor !== 1 && { alpha: factor }) };
    return builder.node('FusedMatMul', path, { inputs: [use.x, matrix.name], outputs: [output], attributes });
  }
  const bits = vocabularyBits(precision);
  if (bits !== undefined) {
    expectMatrix(context, matrix);
    if (!shared) addBlocks(context, matrix, bits);
    const name = factor === 1 ? output : undefined;
    const product = multiplyBlocks(context, path, { x: use.x, matrix, bits, output: name });
    return factor === 1 ? product : scale(context, { x: product, factor, output });
  }
  const input = activation(context, path, use.x);
  const product = multiply(context, path, { input, matrix });
  const rowScale =
    factor === 1 || input.rowScale === undefined
      ? input.rowScale
      : builder.node('Mul', `${path}/scale`, { inputs: [input.rowScale, builder.constant('float32', [factor])] });
  return scaleRows(context, path, { x: product, rowScale, output });
}

function scale(
  { builder }: GraphContext,
  { x, factor, output }: { x: string; factor: number; output: string },
): string {
  return builder.node('Mul', '/lm_head', { inputs: [x, builder.constant('float32', [factor])], outputs: [output] });
}

/** TensorProto.DataType.BOOL */
const boolType = 9n;
