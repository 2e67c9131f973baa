/** RMS norms (arXiv 1910.07467), with the addition to the residual stream folded in. */
import { applyFactors } from './factors.js';
import type { GraphContext } from './graph-context.js';
import { bytesOf, type TensorSource } from './tensor.js';

/** The residual stream, [batch, sequence, hidden]: what was added up so far, and the last block's output, not yet added. */
export interface ResidualStream {
  readonly sum: string;
  readonly update?: string;
}

export interface RmsNorm {
  readonly epsilon: number;
  /** Added to the checkpoint's weight: 1 where it stores the difference from 1. */
  readonly offset: 0 | 1;
}

export interface NormUse extends RmsNorm {
  /** Tensor of the checkpoint, [size]. */
  readonly tensor: string;
  /** Length of the last axis, which is normalised. */
  readonly size: number;
}

/** `x * weight / sqrt(mean(x^2) + epsilon)`; the shape of `x`. */
export function rmsNorm(context: GraphContext, path: string, use: NormUse & { x: string }): string {
  return context.builder.node('SimplifiedLayerNormalization', path, {
    inputs: [use.x, normWeight(context, use)],
    attributes: { epsilon: use.epsilon, axis: -1n },
  });
}

/** Adds the pending update and normalises the sum. */
export function streamNorm(
  context: GraphContext,
  path: string,
  use: NormUse & { stream: ResidualStream },
): { readonly normed: string; readonly stream: { readonly sum: string } } {
  const { sum, update } = use.stream;
  if (update === undefined) return { normed: rmsNorm(context, path, { ...use, x: sum }), stream: { sum } };
  const newSum = `${path}/sum`;
  const normed = context.builder.node('SkipSimplifiedLayerNormalization', path, {
    inputs: [update, sum, normWeight(context, use)],
    outputs: [`${path}/normed`, '', '', newSum],
    attributes: { epsilon: use.epsilon },
  });
  return { normed, stream: { sum: newSum } };
}

function normWeight(context: GraphContext, { tensor, size, offset }: NormUse): string {
  const { builder, weights } = context;
  weights.expect(tensor, [size]);
  const source: TensorSource = {
    tensors: [{ name: tensor, type: 'float32', dims: [size] }],
    async *chunks() {
      const values = await weights.read(tensor, 0, size);
      const added = offset === 0 ? values : values.map((value) => value + offset);
      yield bytesOf(applyFactors(added, 1, 0, context.factors?.get(tensor)));
    },
  };
  builder.initializers(source);
  return tensor;
}
