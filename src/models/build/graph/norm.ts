/** RMS norms, with the addition to the residual stream folded in. */
import type { GraphContext } from './graph-context.js';
import { packedVector } from './matrix.js';

/** The residual stream, [batch, sequence, hidden]: what was added up so far, and the last block's output, not yet added. */
export interface ResidualStream {
  readonly sum: string;
  readonly update?: string;
}

export interface NormUse {
  /** Tensor of the checkpoint, [hidden]. */
  readonly tensor: string;
  readonly hidden: number;
  readonly epsilon: number;
}

/** Adds the pending update and normalises: `x * weight / sqrt(mean(x^2) + epsilon)`. */
export function rmsNorm(
  context: GraphContext,
  path: string,
  use: NormUse & { stream: ResidualStream },
): { readonly normed: string; readonly stream: { readonly sum: string } } {
  const { builder, weights } = context;
  const { sum, update } = use.stream;
  weights.expect(use.tensor, [use.hidden]);
  builder.initializers(packedVector(weights, use.tensor, [{ tensor: use.tensor, length: use.hidden }]));
  if (update === undefined) {
    const normed = builder.node('SimplifiedLayerNormalization', path, {
      inputs: [sum, use.tensor],
      attributes: { epsilon: use.epsilon, axis: -1n },
    });
    return { normed, stream: { sum } };
  }
  const newSum = `${path}/sum`;
  const normed = builder.node('SkipSimplifiedLayerNormalization', path, {
    inputs: [update, sum, use.tensor],
    outputs: [`${path}/normed`, '', '', newSum],
    attributes: { epsilon: use.epsilon },
  });
  return { normed, stream: { sum: newSum } };
}
