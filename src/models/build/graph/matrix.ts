/** Weight matrices on their way from a checkpoint into a graph: packed side by side, transposed, quantised. */
import { quantiseWeights, type WeightLimit } from '../weights/quantise.js';
import { transposeInto } from '../weights/transpose.js';
import type { Weights } from '../weights/weights.js';
import { applyFactors, type Factors } from './factors.js';
import { bytesOf, type TensorSource } from './tensor.js';

/** A tensor of the checkpoint, or some consecutive rows of it. */
export interface MatrixPart {
  readonly tensor: string;
  readonly rows: number;
  /** Set where the part is not the whole tensor: its first row, and how many rows the tensor has. */
  readonly slice?: { readonly first: number; readonly of: number };
}

/** Matrices of the checkpoint, each [rows, columns] (output by input), packed below one another. */
export interface Matrix {
  /** Name of the initializer in the graph. */
  readonly name: string;
  readonly parts: readonly MatrixPart[];
  readonly columns: number;
  /** The checkpoint has each part as [columns, rows] (input by output), as GPT-2's Conv1D; whole tensors only. */
  readonly transposed?: boolean;
  /** Put on when it is read. */
  readonly factors?: Factors | undefined;
}

/** The matrix that is one tensor of the checkpoint, under its own name. */
export function wholeTensor(tensor: string, rows: number, columns: number): Matrix {
  return { name: tensor, parts: [{ tensor, rows }], columns };
}

/** Values read from a checkpoint at once: 4 MiB as float32. */
const blockValues = 1 << 20;

export function matrixRows(matrix: Matrix): number {
  return matrix.parts.reduce((sum, part) => sum + part.rows, 0);
}

/** float32 as in the checkpoint, [rows, columns], never whole in memory. */
export function floatRows(weights: Weights, matrix: Matrix): TensorSource {
  return {
    tensors: [{ name: matrix.name, type: 'float32', dims: [matrixRows(matrix), matrix.columns] }],
    async *chunks() {
      for await (const { block } of rowBlocks(weights, matrix)) yield bytesOf(block);
    },
  };
}

/** float32 as MatMul reads it, [columns, rows]. */
export function floatColumns(weights: Weights, matrix: Matrix): TensorSource {
  const stride = matrixRows(matrix);
  return {
    tensors: [{ name: matrix.name, type: 'float32', dims: [matrix.columns, stride] }],
    async *chunks() {
      const target = new Float32Array(matrix.columns * stride);
      for await (const { block, row } of rowBlocks(weights, matrix)) {
        transposeInto(target, { stride, column: row }, { block, columns: matrix.columns });
      }
      yield bytesOf(target);
    },
  };
}

/** int8 as Gather reads it, [rows, columns], with float32 `<name>_scale`, [rows, 1]. */
export function int8Rows(weights: Weights, matrix: Matrix, limit: WeightLimit): TensorSource {
  const rows = matrixRows(matrix);
  return {
    tensors: [
      { name: matrix.name, type: 'int8', dims: [rows, matrix.columns] },
      { name: scaleName(matrix), type: 'float32', dims: [rows, 1] },
    ],
    async *chunks() {
      const scales = new Float32Array(rows);
      for await (const { block, row } of rowBlocks(weights, matrix)) {
        const quantised = quantiseWeights(block, matrix.columns, limit);
        scales.set(quantised.scales, row);
        yield bytesOf(quantised.values);
      }
      yield bytesOf(scales);
    },
  };
}

/** A quantised matrix that still says what it is made of. */
export interface MatrixSource extends TensorSource {
  readonly matrix: Matrix;
}

/** int8 as MatMulIntegerToFloat reads it, [columns, rows], with float32 `<name>_scale`, [rows], one for each output. */
export function int8Columns(weights: Weights, matrix: Matrix, limit: WeightLimit): MatrixSource {
  const stride = matrixRows(matrix);
  return {
    matrix,
    tensors: [
      { name: matrix.name, type: 'int8', dims: [matrix.columns, stride] },
      { name: scaleName(matrix), type: 'float32', dims: [stride] },
    ],
    async *chunks() {
      const target = new Int8Array(matrix.columns * stride);
      const scales = new Float32Array(stride);
      for await (const { block, row } of rowBlocks(weights, matrix)) {
        const quantised = quantiseWeights(block, matrix.columns, limit);
        scales.set(quantised.scales, row);
        transposeInto(target, { stride, column: row }, { block: quantised.values, columns: matrix.columns });
      }
      yield bytesOf(target);
      yield bytesOf(scales);
    },
  };
}

export function scaleName(matrix: Matrix): string {
  return `${matrix.name}_scale`;
}

/** Vectors of the checkpoint, such as biases, or slices of them, one after the other. */
export function packedVector(
  weights: Weights,
  name: string,
  parts: readonly { readonly tensor: string; readonly first?: number; readonly length: number }[],
  factors?: Float32Array,
): TensorSource {
  return {
    tensors: [{ name, type: 'float32', dims: [parts.reduce((sum, part) => sum + part.length, 0)] }],
    async *chunks() {
      let row = 0;
      for (const part of parts) {
        const values = await weights.read(part.tensor, part.first ?? 0, part.length);
        yield bytesOf(applyFactors(values, 1, row, { rows: factors }));
        row += part.length;
      }
    },
  };
}

/** Some whole rows at a time, with the matrix's factors; `row` counts through the packed matrix. */
export async function* rowBlocks(weights: Weights, matrix: Matrix) {
  for await (const { block, row } of storedBlocks(weights, matrix)) {
    yield { block: applyFactors(block, matrix.columns, row, matrix.factors), row };
  }
}

async function* storedBlocks(weights: Weights, matrix: Matrix) {
  const { columns, transposed } = matrix;
  const step = Math.max(1, Math.floor(blockValues / columns));
  let first = 0;
  for (const part of matrix.parts) {
    if (transposed) {
      yield { block: await readTransposed(weights, part, columns), row: first };
    } else {
      const begin = part.slice?.first ?? 0;
      for (let row = 0; row < part.rows; row += step) {
        const count = Math.min(step, part.rows - row);
        yield { block: await weights.read(part.tensor, (begin + row) * columns, count * columns), row: first + row };
      }
    }
    first += part.rows;
  }
}

/** [rows, columns] of a tensor that is stored as [columns, rows]: whole, as every row is scattered over all of it. */
async function readTransposed(weights: Weights, part: MatrixPart, columns: number): Promise<Float32Array> {
  const stored = await weights.read(part.tensor, 0, columns * part.rows);
  const block = new Float32Array(stored.length);
  transposeInto(block, { stride: columns, column: 0 }, { block: stored, columns: part.rows });
  return block;
}
