/** The feed-forward block without a gate: down(f(up(x))). */
import type { GraphContext } from './graph-context.js';
import { activation, addBias, biasOf, linear } from './linear.js';
import type { Matrix } from './matrix.js';
import { applyNonlinearity, type Nonlinearity } from './nonlinearity.js';

export interface MlpUse {
  /** float32 [batch_size, sequence_length, hidden], normalised. */
  readonly x: string;
  /** [intermediate, hidden] */
  readonly up: Matrix;
  /** [hidden, intermediate] */
  readonly down: Matrix;
  /** `up` has a bias. The bias of `down` is the caller's: it can be added together with the residual. */
  readonly bias: boolean;
  readonly nonlinearity: Nonlinearity;
}

/** float32 [batch_size, sequence_length, hidden], without the bias of `down`. */
export function mlp(context: GraphContext, path: string, use: MlpUse): string {
  const input = activation(context, `${path}/up`, use.x);
  const up = linear(context, `${path}/up`, { input, matrix: use.up, bias: false });
  const middle = activate(context, path, { ...use, x: up });
  const middleInput = activation(context, `${path}/down`, middle);
  return linear(context, `${path}/down`, { input: middleInput, matrix: use.down, bias: false });
}

/** The bias of `up`, then f: in one operator where there is one. */
function activate(context: GraphContext, path: string, use: MlpUse): string {
  const { x, nonlinearity: kind } = use;
  if (!use.bias) return applyNonlinearity(context, path, { x, kind });
  const fused = kind === 'gelu' ? 'BiasGelu' : kind === 'gelu-tanh' ? 'FastGelu' : undefined;
  if (fused) return context.builder.node(fused, path, { inputs: [x, biasOf(context, use.up)] });
  return applyNonlinearity(context, path, { x: addBias(context, path, { x, matrix: use.up }), kind });
}
