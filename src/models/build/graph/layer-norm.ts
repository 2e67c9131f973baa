/** LayerNorm (arXiv 1607.06450), with the addition to the residual stream folded in. */
import type { GraphContext } from './graph-context.js';
import { packedVector } from './matrix.js';
import type { ResidualStream } from './norm.js';

/** A residual stream whose update may still lack the bias of the linear layer it comes from. */
export interface BiasedStream extends ResidualStream {
  /** float32 [hidden] */
  readonly bias?: string | undefined;
}

export interface LayerNormUse {
  /** Prefix of the checkpoint's `.weight` and `.bias`, each [hidden]. */
  readonly tensors: string;
  readonly hidden: number;
  readonly epsilon: number;
}

/** Adds the pending update and its bias, and normalises: `(x - mean(x)) / sqrt(variance(x) + epsilon) * weight + bias`. */
export function layerNorm(
  context: GraphContext,
  path: string,
  use: LayerNormUse & { stream: BiasedStream },
): { readonly normed: string; readonly stream: { readonly sum: string } } {
  const { builder, weights } = context;
  const { sum, update, bias } = use.stream;
  const [weight, shift] = [`${use.tensors}.weight`, `${use.tensors}.bias`] as const;
  for (const tensor of [weight, shift]) {
    weights.expect(tensor, [use.hidden]);
    builder.initializers(packedVector(weights, tensor, [{ tensor, length: use.hidden }]));
  }
  if (update === undefined) {
    const normed = builder.node('LayerNormalization', path, {
      inputs: [sum, weight, shift],
      attributes: { epsilon: use.epsilon, axis: -1n },
    });
    return { normed, stream: { sum } };
  }
  const newSum = `${path}/sum`;
  const normed = builder.node('SkipLayerNormalization', path, {
    inputs: [update, sum, weight, shift, ...(bias === undefined ? [] : [bias])],
    outputs: [`${path}/normed`, '', '', newSum],
    attributes: { epsilon: use.epsilon },
  });
  return { normed, stream: { sum: newSum } };
}
