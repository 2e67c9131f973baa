/** The graph by which a row is weighed, made when a model is loaded: it depends on the size of the vocabulary alone. */
import { GraphBuilder } from '../build/graph/graph-builder.js';
import { encodeInline } from '../build/onnx/model-writer.js';
import { blockTokens } from './weights.js';

/**
 * The bytes of an ONNX model: `logits` float32 [vocab] and `factor` float32 [], one divided by the temperature, to
 * `weights` = exp((logits - max) * factor), float32 [vocab], and `sums` and `peaks` of its whole blocks, float32 [blocks].
 */
export async function weighingGraph(vocab: number): Promise<Uint8Array> {
  const builder = new GraphBuilder();
  const blocks = Math.floor(vocab / blockTokens);
  const logits = builder.input({ name: 'logits', type: 'float32', dims: [vocab] });
  const factor = builder.input({ name: 'factor', type: 'float32', dims: [] });
  const max = builder.node('ReduceMax', 'max', { inputs: [logits], attributes: { keepdims: 1n } });
  const below = builder.node('Sub', 'weights', { inputs: [logits, max] });
  const scaled = builder.node('Mul', 'weights', { inputs: [below, factor] });
  builder.node('Exp', 'weights', { inputs: [scaled], outputs: ['weights'] });
  builder.output({ name: 'weights', type: 'float32', dims: [vocab] });
  const index = (...values: readonly number[]) => builder.constant('int64', values.map(BigInt), [values.length]);
  const whole =
    blocks * blockTokens === vocab
      ? 'weights'
      : builder.node('Slice', 'blocks', { inputs: ['weights', index(0), index(blocks * blockTokens)] });
  const grid = builder.node('Reshape', 'blocks', { inputs: [whole, index(blocks, blockTokens)] });
  for (const [op, name] of [
    ['ReduceSum', 'sums'],
    ['ReduceMax', 'peaks'],
  ] as const) {
    builder.node(op, 'blocks', { inputs: [grid, index(1)], outputs: [name], attributes: { keepdims: 0n } });
    builder.output({ name, type: 'float32', dims: [blocks] });
  }
  return encodeInline(builder.finish());
}
