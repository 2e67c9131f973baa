/** Weights quantised in blocks of 32 columns: products with them, and rows of them, by ONNX Runtime's own operators. */
import type { Precision } from '../../manifest.js';
import { type BlockBits, blockBytes, blockColumns, blocksOf, quantiseBlocks } from '../weights/quantise-blocks.js';
import type { GraphContext } from './graph-context.js';
import { type Matrix, matrixRows, rowBlocks } from './matrix.js';
import { bytesOf, type TensorSource } from './tensor.js';

/** Bits of the blocks in a precision; `undefined` for one without blocks. */
export function blockBits(precision: Precision): BlockBits | undefined {
  return precision === 'int8-weight' ? 8 : precision === 'int4-weight' ? 4 : undefined;
}

/**
 * Bits of the blocks of embeddings and of the head. Eight, also where the other weights have four: the head decides
 * between tokens directly, and an embedding that serves as the head is stored once.
 */
export function vocabularyBits(precision: Precision): BlockBits | undefined {
  return blockBits(precision) && 8;
}

/** Adds a matrix as an initializer, uint8 [rows, blocks, bytes of a block], with `<name>_scales`, [rows, blocks]. */
export function addBlocks(context: GraphContext, matrix: Matrix, bits: BlockBits): void {
  context.builder.initializers(blockRows(context, matrix, bits));
}

function blockRows({ weights, halfScales = false }: GraphContext, matrix: Matrix, bits: BlockBits): TensorSource {
  const { name, columns } = matrix;
  const [rows, count] = [matrixRows(matrix), blocksOf(columns)];
  return {
    tensors: [
      { name, type: 'uint8', dims: [rows, count, blockBytes(bits)] },
      { name: scalesName(matrix), type: 'float32', dims: [rows, count] },
    ],
    async *chunks() {
      const scales = new Float32Array(rows * count);
      for await (const { block, row } of rowBlocks(weights, matrix)) {
        const quantised = quantiseBlocks(block, columns, { bits, halfScales });
        scales.set(quantised.scales, row * count);
        yield bytesOf(quantised.values);
      }
      yield bytesOf(scales);
    },
  };
}

export interface BlockProduct {
  /** float32 [..., columns of the matrix] */
  readonly x: string;
  /** Added already. */
  readonly matrix: Matrix;
  readonly bits: BlockBits;
  readonly output?: string | undefined;
}

/**
 * float32 [..., rows of the matrix]. Accuracy level 4: the operator quantises each block of an activation to 8 bits and
 * sums integers, one path for one row and for many, so a row's bits do not depend on its neighbours. At the other
 * levels they do.
 */
export function multiplyBlocks({ builder }: GraphContext, path: string, product: BlockProduct): string {
  const { x, matrix, bits, output } = product;
  return builder.node('MatMulNBits', path, {
    inputs: [x, matrix.name, scalesName(matrix)],
    outputs: output === undefined ? undefined : [output],
    attributes: {
      ...{ K: BigInt(matrix.columns), N: BigInt(matrixRows(matrix)) },
      ...{ bits: BigInt(bits), block_size: BigInt(blockColumns), accuracy_level: 4n },
    },
  });
}

/** float32 [...ids, columns]: the rows `ids` of a matrix that was added already. */
export function gatherBlocks(
  { builder }: GraphContext,
  path: string,
  use: { readonly ids: string; readonly matrix: Matrix; readonly bits: BlockBits },
): string {
  const { ids, matrix, bits } = use;
  const axes = builder.constant('int64', [2n], [1]);
  // The product wants its scales as [rows, blocks], this operator as [rows, blocks, 1].
  const scales = builder.node('Unsqueeze', `${path}/scales`, { inputs: [scalesName(matrix), axes] });
  const blocks = builder.node('GatherBlockQuantized', path, {
    inputs: [matrix.name, ids, scales],
    attributes: { gather_axis: 0n, quantize_axis: 2n, block_size: BigInt(blockColumns), bits: BigInt(bits) },
  });
  const rows = builder.node('Reshape', path, { inputs: [blocks, builder.constant('int64', [0n, 0n, -1n], [3])] });
  if (matrix.columns % blockColumns === 0) return rows;
  const [start, end] = [builder.constant('int64', [0n], [1]), builder.constant('int64', [BigInt(matrix.columns)], [1])];
  return builder.node('Slice', path, { inputs: [rows, start, end, axes] });
}

function scalesName(matrix: Matrix): string {
  return `${matrix.name}_scales`;
}
