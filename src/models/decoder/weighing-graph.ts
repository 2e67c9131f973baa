/** The graph by which rows are weighed, made when a model is loaded: it depends on the size of the vocabulary alone. */
import { GraphBuilder } from '../build/graph/graph-builder.js';
import { encodeInline } from '../build/onnx/model-writer.js';
import { blocksOf, blockTokens } from './weights.js';

/**
 * The bytes of an ONNX model: `logits` float32 [rows, vocab] and `factor` float32 [rows, 1, 1], one divided by the
 * temperature, to `weights` = exp((logits - max) * factor), float32 [rows, blocks, blockTokens], nothing behind the vocabulary's
 * end, and `sums` and `peaks` of the blocks, float32 [rows, blocks].
 */
export async function weighingGraph(vocab: number): Promise<Uint8Array> {
  const builder = new GraphBuilder();
  const grid = blockGrid(builder, vocab);
  const factor = builder.input({ name: 'factor', type: 'float32', dims: ['rows', 1, 1] });
  const highest = blockPeaks(builder, grid);
  const max = greatest(builder, highest);
  const weigh = (values: string, output?: string) => {
    const below = builder.node('Sub', 'weights', { inputs: [values, max] });
    const scaled = builder.node('Mul', 'weights', { inputs: [below, factor] });
    return builder.node('Exp', 'weights', { inputs: [scaled], outputs: output === undefined ? undefined : [output] });
  };
  const weights = weigh(grid, 'weights');
  builder.output({ name: 'weights', type: 'float32', dims: ['rows', blocksOf(vocab), blockTokens] });
  reduce(builder, { op: 'ReduceSum', values: weights, axis: 2, keep: false, output: 'sums' });
  // The weight of a block's greatest logit is the greatest of its weights: nothing that large is read once more for it.
  const axis = builder.constant('int64', [2n], [1]);
  builder.node('Squeeze', 'peaks', { inputs: [weigh(highest), axis], outputs: ['peaks'] });
  for (const name of ['sums', 'peaks']) {
    builder.output({ name, type: 'float32', dims: ['rows', blocksOf(vocab)] });
  }
  return encodeInline(builder.finish());
}

/** The input `logits`, float32 [rows, vocab], as [rows, blocks, blockTokens]: the last block is filled with minus infinity. */
export function blockGrid(builder: GraphBuilder, vocab: number): string {
  const blocks = blocksOf(vocab);
  const logits = builder.input({ name: 'logits', type: 'float32', dims: ['rows', vocab] });
  const missing = blocks * blockTokens - vocab;
  const pads = builder.constant('int64', [0n, 0n, 0n, BigInt(missing)], [4]);
  const nothing = builder.constant('float32', [-Infinity]);
  const whole = missing === 0 ? logits : builder.node('Pad', 'blocks', { inputs: [logits, pads, nothing] });
  const shape = builder.constant('int64', [0n, BigInt(blocks), BigInt(blockTokens)], [3]);
  return builder.node('Reshape', 'blocks', { inputs: [whole, shape] });
}

/** float32 [rows, blocks, 1]: by blocks, as a device has a group of threads for each of them, but one for a whole row. */
export function blockPeaks(builder: GraphBuilder, grid: string): string {
  return reduce(builder, { op: 'ReduceMax', values: grid, axis: 2, keep: true });
}

/** float32 [rows, 1, 1] */
export function greatest(builder: GraphBuilder, peaks: string): string {
  return reduce(builder, { op: 'ReduceMax', values: peaks, axis: 1, keep: true });
}

interface Reduction {
  readonly op: 'ReduceMax' | 'ReduceMin' | 'ReduceSum';
  readonly values: string;
  readonly axis: number;
  /** The axis stays, of length one. */
  readonly keep: boolean;
  readonly output?: string;
}

export function reduce(builder: GraphBuilder, { op, values, axis, keep, output }: Reduction): string {
  return builder.node(op, 'reduced', {
    inputs: [values, builder.constant('int64', [BigInt(axis)], [1])],
    outputs: output === undefined ? undefined : [output],
    attributes: { keepdims: keep ? 1n : 0n },
  });
}
