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
  /** Prefix of the checkpoint's `.weight` and `.bias`, each [hidden]; the oldest call them `.gamma` and `.beta`. */
  readonly tensors: string;
  readonly hidden: number;
  readonly epsilon: number;
  /** The norm has a weight but no bias. */
  readonly biasless?: boolean;
}

/** Adds the pending update and its bias, and normalises: `(x - mean(x)) / sqrt(variance(x) + epsilon) * weight + bias`. */
export function layerNorm(
  context: GraphContext,
  path: string,
  use: LayerNormUse & { stream: BiasedStream },
): { readonly normed: string; readonly stream: { readonly sum: string } } {
  const sum = settle(context, path, use.stream);
  const normed = context.builder.node('LayerNormalization', path, {
    inputs: [sum, ...normParameters(context, use)],
    attributes: { epsilon: use.epsilon, axis: -1n },
  });
  return { normed, stream: { sum } };
}

/** The same where the normalised sum itself goes on as the stream (post-norm, arXiv 1706.03762): gives that. */
export function postNorm(context: GraphContext, path: string, use: LayerNormUse & { stream: BiasedStream }): string {
  return layerNorm(context, path, use).normed;
}

/**
 * The stream with its update. By `Sum`, because ONNX Runtime makes one operator of `Add` and the norm, whose CPU kernel
 * goes value by value and takes several times as long as the two.
 */
function settle({ builder }: GraphContext, path: string, { sum, update, bias }: BiasedStream): string {
  if (update === undefined) return sum;
  return builder.node('Sum', path, { inputs: [update, sum, ...(bias === undefined ? [] : [bias])] });
}

/** Adds weight and, where there is one, bias as initializers and gives back their names. */
function normParameters(context: GraphContext, { tensors, hidden, biasless }: LayerNormUse): readonly string[] {
  const { builder, weights } = context;
  const old = !weights.has(`${tensors}.weight`) && weights.has(`${tensors}.gamma`);
  const names = old ? ['gamma', 'beta'] : ['weight', 'bias'];
  return names.slice(0, biasless ? 1 : 2).map((name) => {
    const tensor = `${tensors}.${name}`;
    weights.expect(tensor, [hidden]);
    builder.initializers(
      packedVector(weights, tensor, [{ tensor, length: hidden }], context.factors?.get(tensor)?.rows),
    );
    return tensor;
  });
}
