/** The two small graphs by which a machine is measured: one that only reads, one that only multiplies. */
import { GraphBuilder } from '../build/graph/graph-builder.js';
import { encodeInline } from '../build/onnx/model-writer.js';

/** `x` float32 [rows, columns] to `sums` float32 [rows]: one addition for four bytes, so memory is what it waits for. */
export async function readingGraph(rows: number, columns: number): Promise<Uint8Array> {
  const builder = new GraphBuilder();
  const x = builder.input({ name: 'x', type: 'float32', dims: [rows, columns] });
  const columnsAxis = builder.constant('int64', [1n], [1]);
  builder.node('ReduceSum', 'sums', { inputs: [x, columnsAxis], outputs: ['sums'], attributes: { keepdims: 0n } });
  builder.output({ name: 'sums', type: 'float32', dims: [rows] });
  return encodeInline(builder.finish());
}

export interface ProductSize {
  readonly rows: number;
  readonly inner: number;
  readonly columns: number;
}

/**
 * `x` float32 [rows, inner] to `y` float32 [rows, columns]: a product of u8 and s8 as the linear layers have it. The
 * runtime's inputs are no bytes, so `x` is quantised first, which is one operation for `columns` multiplications.
 */
export async function productGraph({ rows, inner, columns }: ProductSize): Promise<Uint8Array> {
  const builder = new GraphBuilder();
  const x = builder.input({ name: 'x', type: 'float32', dims: [rows, inner] });
  const [scale, zeroPoint] = [builder.constant('float32', [1]), builder.constant('uint8', [128])];
  const activation = builder.node('QuantizeLinear', 'x', { inputs: [x, scale, zeroPoint] });
  builder.initializers({
    tensors: [{ name: 'matrix', type: 'int8', dims: [inner, columns] }],
    async *chunks() {
      yield Uint8Array.from({ length: inner * columns }, (_, index) => Math.imul(index, 0x9e3779b9) >>> 24);
    },
  });
  builder.node('MatMulIntegerToFloat', 'y', {
    inputs: [activation, 'matrix', scale, scale, zeroPoint],
    outputs: ['y'],
  });
  builder.output({ name: 'y', type: 'float32', dims: [rows, columns] });
  return encodeInline(builder.finish());
}
