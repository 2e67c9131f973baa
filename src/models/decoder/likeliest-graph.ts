/** The graph that finds each row's likeliest token on a device, made when a model is loaded. */
import { GraphBuilder } from '../build/graph/graph-builder.js';
import { constantTensor } from '../build/graph/tensor.js';
import { encodeInline } from '../build/onnx/model-writer.js';
import { blockGrid, blockPeaks, greatest, reduce } from './weighing-graph.js';
import { blocksOf, blockTokens } from './weights.js';

/**
 * The bytes of an ONNX model: `logits` float32 [rows, vocab] to the first `block` that holds the greatest of them, float32
 * [rows, 1], the logits `values` of that block, float32 [rows, blockTokens], and their `sum`, float32 [rows, 1, 1], no number where
 * one of them is none. `ArgMax` would do the same, but WebGPU's has one thread for a row, and CUDA's does not say which of
 * equal logits it finds.
 */
export async function likeliestGraph(vocab: number): Promise<Uint8Array> {
  const builder = new GraphBuilder();
  const blocks = blocksOf(vocab);
  const grid = blockGrid(builder, vocab);
  const peaks = blockPeaks(builder, grid);
  const sums = reduce(builder, { op: 'ReduceSum', values: grid, axis: 2, keep: true });
  reduce(builder, { op: 'ReduceSum', values: sums, axis: 1, keep: true, output: 'sum' });
  builder.output({ name: 'sum', type: 'float32', dims: ['rows', 1, 1] });
  const equal = builder.node('Equal', 'block', { inputs: [peaks, greatest(builder, peaks)] });
  // As floats, which every provider can compare: exact up to a vocabulary of 2 ** 30.
  const numbers = { name: 'numbers', type: 'float32', dims: [1, blocks, 1] } as const;
  builder.initializers(
    constantTensor(
      numbers,
      Array.from({ length: blocks }, (_, block) => block),
    ),
  );
  const found = builder.node('Where', 'block', {
    inputs: [equal, numbers.name, builder.constant('float32', [blocks - 1])],
  });
  const axes = builder.constant('int64', [2n], [1]);
  const flat = builder.node('Squeeze', 'block', { inputs: [found, axes] });
  const block = reduce(builder, { op: 'ReduceMin', values: flat, axis: 1, keep: true, output: 'block' });
  builder.output({ name: 'block', type: 'float32', dims: ['rows', 1] });
  const index = builder.node('Cast', 'block', { inputs: [block], attributes: { to: int64Type } });
  builder.node('GatherND', 'block', { inputs: [grid, index], outputs: ['values'], attributes: { batch_dims: 1n } });
  builder.output({ name: 'values', type: 'float32', dims: ['rows', blockTokens] });
  return encodeInline(builder.finish());
}

/** TensorProto.DataType.INT64 */
const int64Type = 7n;
