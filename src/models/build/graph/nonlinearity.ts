/** The functions between the linear layers of a feed-forward block. */
import type { GraphContext } from './graph-context.js';

/** `gelu` by the error function, `gelu-tanh` by its approximation (both arXiv 1606.08415). */
export type Nonlinearity = 'silu' | 'gelu' | 'gelu-tanh' | 'relu';

/** Of each value by itself; the shape of `x`. */
export function applyNonlinearity(context: GraphContext, path: string, use: { x: string; kind: Nonlinearity }): string {
  const { builder } = context;
  const inputs = [use.x];
  switch (use.kind) {
    case 'silu':
      // QuickGelu(x) = x * sigmoid(alpha x); with alpha 1 it is silu.
      return builder.node('QuickGelu', path, { inputs, attributes: { alpha: 1 } });
    case 'gelu':
      return builder.node('Gelu', path, { inputs });
    case 'gelu-tanh':
      return builder.node('FastGelu', path, { inputs });
    case 'relu':
      return builder.node('Relu', path, { inputs });
  }
}
