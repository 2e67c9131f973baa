/** Linear layers: per-token W8A8 in int8 (activations u8 by row, weights s8 by output channel), block-matrix.ts, plain MatMul. */
import type { BlockBits } from '../weights/quantise-blocks.js';
import { addBlocks, blockBits, multiplyBlocks } from './block-matrix.js';
import { type GraphContext, precisionAt, withFactors } from './graph-context.js';
import { floatColumns, floatRows, int8Columns, type Matrix, packedVector, scaleName } from './matrix.js';
import { quantiseRows, unitScale, zeroPoint } from './quantise-rows.js';

/** An activation as the matrices read it. */
export interface Activation {
  /** int8: uint8 [..., columns], zero point 128. Others: the activation itself. */
  readonly value: string;
  /** int8: float32 [..., 1], the factor that each row of a product still needs. Others need none. */
  readonly rowScale: string | undefined;
  /** Of the weights it meets, where those are in blocks; the operator quantises the activation itself. */
  readonly blockBits?: BlockBits | undefined;
}

/**
 * Prepares an activation for the matrices that read it; do it once for all of them. Each row has a scale of its own,
 * so what a row computes does not depend on its neighbours. q = round(127 x / max|x|): the rowScale is max|x| and
 * `multiply` takes care of the 1/127, which saves a node.
 */
export function activation(context: GraphContext, path: string, x: string): Activation {
  const precision = precisionAt(context, path);
  if (precision !== 'int8') return { value: x, rowScale: undefined, blockBits: blockBits(precision) };
  return quantiseRows(context, path, x);
}

/** The product with a packed matrix, [..., rows of the matrix], still without its row scale. */
export function multiply(context: GraphContext, path: string, use: { input: Activation; matrix: Matrix }): string {
  const { builder, weights } = context;
  const { input } = use;
  const matrix = withFactors(context, use.matrix);
  expectMatrix(context, matrix);
  if (input.blockBits !== undefined) {
    addBlocks(context, matrix, input.blockBits);
    return multiplyBlocks(context, path, { x: input.value, matrix, bits: input.blockBits });
  }
  if (input.rowScale === undefined) {
    builder.initializers(floatColumns(weights, matrix));
    return builder.node('MatMul', path, { inputs: [input.value, matrix.name] });
  }
  builder.initializers(int8Columns(weights, matrix, context.weightLimit));
  return builder.node('MatMulIntegerToFloat', path, {
    inputs: [input.value, matrix.name, unitScale(builder), scaleName(matrix), zeroPoint(builder)],
  });
}

/** `x` times the row scale it still needs; `x` itself where there is none. */
export function scaleRows(
  context: GraphContext,
  path: string,
  scaled: { x: string; rowScale: string | undefined; output?: string },
): string {
  const { x, rowScale, output } = scaled;
  if (rowScale === undefined) return x;
  return context.builder.node('Mul', path, {
    inputs: [x, rowScale],
    outputs: output === undefined ? undefined : [output],
  });
}

export interface LinearUse {
  readonly input: Activation;
  readonly matrix: Matrix;
  /** Each part of the matrix has a bias: the tensor of the same name with `.bias` for `.weight`. */
  readonly bias: boolean;
}

/** A whole linear layer: product, row scale, bias. */
export function linear(context: GraphContext, path: string, use: LinearUse): string {
  const product = multiply(context, path, use);
  const scaled = scaleRows(context, path, { x: product, rowScale: use.input.rowScale });
  return use.bias ? addBias(context, path, { x: scaled, matrix: use.matrix }) : scaled;
}

/** Adds the fp32 rows of a matrix as an initializer. */
export function addFloatRows(context: GraphContext, matrix: Matrix): void {
  expectMatrix(context, matrix);
  context.builder.initializers(floatRows(context.weights, withFactors(context, matrix)));
}

/** Says to the checkpoint which tensors a matrix is made of. */
export function expectMatrix(context: GraphContext, matrix: Matrix): void {
  for (const { tensor, rows, slice } of matrix.parts) {
    const shape = [slice?.of ?? rows, matrix.columns];
    context.weights.expect(tensor, matrix.transposed ? shape.toReversed() : shape);
  }
}

export function addBias(context: GraphContext, path: string, biased: { x: string; matrix: Matrix }): string {
  return context.builder.node('Add', path, { inputs: [biased.x, biasOf(context, biased.matrix)] });
}

/** Adds a matrix's biases, [rows of the matrix], as an initializer and gives back its name. */
export function biasOf(context: GraphContext, matrix: Matrix): string {
  const { builder, weights } = context;
  const name = toBias(matrix.name);
  for (const { tensor, rows, slice } of matrix.parts) weights.expect(toBias(tensor), [slice?.of ?? rows]);
  const parts = matrix.parts.map(({ tensor, rows, slice }) => ({
    ...{ tensor: toBias(tensor), first: slice?.first ?? 0, length: rows },
  }));
  builder.initializers(packedVector(weights, name, parts, withFactors(context, matrix).factors?.rows));
  return name;
}

function toBias(tensor: string): string {
  return tensor.replace(/\.weight$/, '.bias');
}
