/** Activations in 8 bits, each row with a scale of its own. */
import type { GraphBuilder } from './graph-builder.js';
import type { GraphContext } from './graph-context.js';

export interface QuantisedRows {
  /** uint8, the shape of the activation, zero point 128. */
  readonly value: string;
  /** float32 [..., 1]: the largest absolute value of each row. */
  readonly rowScale: string;
}

/**
 * q = 128 + round(127 x / max|x|) of float32 [..., columns]. Of a row of zeros (padding) the division makes NaN, which
 * quantises to some number, and its scale makes zeros again.
 */
export function quantiseRows(context: GraphContext, path: string, x: string): QuantisedRows {
  return context.wholeTexts ? inFewPasses(context, path, x) : inFewNodes(context, path, x);
}

/** For a decode step of few rows, in which every node counts. */
function inFewNodes({ builder }: GraphContext, path: string, x: string): QuantisedRows {
  const size = builder.node('Abs', path, { inputs: [x] });
  const rowScale = reduce(builder, path, { op: 'ReduceMax', x: size });
  const unit = builder.node('Div', path, { inputs: [x, rowScale] });
  const value = builder.node('QuantizeLinear', path, { inputs: [unit, unitScale(builder), zeroPoint(builder)] });
  return { value, rowScale };
}

/** Reads x three times and writes nothing as large in float32. `x`: [batch_size, sequence_length, columns]. */
function inFewPasses({ builder }: GraphContext, path: string, x: string): QuantisedRows {
  const least = reduce(builder, path, { op: 'ReduceMin', x });
  const below = builder.node('Neg', path, { inputs: [least] });
  const rowScale = builder.node('Max', path, { inputs: [reduce(builder, path, { op: 'ReduceMax', x }), below] });
  const scale = builder.node('Mul', path, { inputs: [rowScale, unitScale(builder)] });
  const shape = builder.node('Shape', path, { inputs: [scale] });
  const zero = builder.node('Expand', path, { inputs: [zeroPoint(builder), shape] });
  // A row is one block: longer than any.
  const attributes = { axis: -1n, block_size: longestRow };
  return { value: builder.node('QuantizeLinear', path, { inputs: [x, scale, zero], attributes }), rowScale };
}

const longestRow = 1n << 24n;

function reduce(builder: GraphBuilder, path: string, use: { op: 'ReduceMax' | 'ReduceMin'; x: string }): string {
  const axes = builder.constant('int64', [-1n], [1]);
  return builder.node(use.op, path, { inputs: [use.x, axes], attributes: { keepdims: 1n } });
}

/** The scale of activations that are at most 1. */
export function unitScale(builder: GraphBuilder): string {
  return builder.constant('float32', [Math.fround(1 / 127)]);
}

export function zeroPoint(builder: GraphBuilder): string {
  return builder.constant('uint8', [128]);
}
