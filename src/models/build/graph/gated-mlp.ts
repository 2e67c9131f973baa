/** The gated feed-forward block: down(f(gate(x)) * up(x)). */
import type { GraphContext } from './graph-context.js';
import { activation, addBias, multiply, scaleRows } from './linear.js';
import type { Matrix } from './matrix.js';
import { applyNonlinearity, type Nonlinearity } from './nonlinearity.js';

export interface GatedMlpUse {
  /** float32 [batch_size, sequence_length, hidden], normalised. */
  readonly x: string;
  readonly hidden: number;
  readonly intermediate: number;
  /** f */
  readonly gate: Nonlinearity;
  readonly bias: boolean;
  /** The checkpoint has gate and up as one matrix, gate_up_proj. */
  readonly packed: boolean;
  /** Prefix of the checkpoint's gate_proj, up_proj and down_proj. */
  readonly tensors: string;
  /** Where the checkpoint calls them otherwise. */
  readonly names?: Readonly<Record<'gate' | 'up' | 'down', string>> & { readonly packed?: string };
}

const llamaNames = { gate: 'gate_proj', up: 'up_proj', down: 'down_proj', packed: 'gate_up_proj' };

/**
 * float32 [batch_size, sequence_length, hidden]. Only the gate needs its row scale before f. The scale of `up`
 * passes through the product and cancels when that is quantised by row, so it is applied at the end, as one product
 * of two small scales. With biases the scale must come before them, and nothing is left over. Gate and up read the same
 * quantised activation in two products: one product of both would have to be split again, which is one more pass over it.
 */
export function gatedMlp(context: GraphContext, path: string, use: GatedMlpUse): string {
  const { builder } = context;
  const input = activation(context, `${path}/gate_up_proj`, use.x);
  const project = (half: 'gate' | 'up', scaled: boolean) => {
    const [step, matrix] = [`${path}/${half}_proj`, halfOf(use, half)] as const;
    const product = multiply(context, step, { input, matrix });
    const x = scaled ? scaleRows(context, step, { x: product, rowScale: input.rowScale }) : product;
    return use.bias ? addBias(context, step, { x, matrix }) : x;
  };
  const opened = applyNonlinearity(context, path, { x: project('gate', true), kind: use.gate });
  const product = builder.node('Mul', path, { inputs: [opened, project('up', use.bias)] });
  return down(context, `${path}/down_proj`, { ...use, product, pending: use.bias ? undefined : input.rowScale });
}

/** The gate's or the up projection's matrix: a tensor of its own, or half of the packed one. */
function halfOf(use: GatedMlpUse, half: 'gate' | 'up'): Matrix {
  const { hidden, intermediate, packed, tensors, names = llamaNames } = use;
  const whole = `${tensors}.${names.packed ?? llamaNames.packed}.weight`;
  const name = `${tensors}.${names[half]}.weight`;
  const slice = { first: half === 'gate' ? 0 : intermediate, of: 2 * intermediate };
  const part = packed ? { tensor: whole, slice } : { tensor: name };
  return { name, parts: [{ ...part, rows: intermediate }], columns: hidden };
}

function down(
  context: GraphContext,
  path: string,
  use: GatedMlpUse & { product: string; pending: string | undefined },
): string {
  const name = `${use.tensors}.${(use.names ?? llamaNames).down}.weight`;
  const matrix = { name, parts: [{ tensor: name, rows: use.hidden }], columns: use.intermediate };
  const input = activation(context, path, use.product);
  const multiplied = multiply(context, path, { input, matrix });
  const rowScale = combine(context, path, [input.rowScale, use.pending]);
  const scaled = scaleRows(context, path, { x: multiplied, rowScale });
  return use.bias ? addBias(context, path, { x: scaled, matrix }) : scaled;
}

function combine(
  context: GraphContext,
  path: string,
  [a, b]: readonly [string | undefined, string | undefined],
): string | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return context.builder.node('Mul', `${path}/scale`, { inputs: [a, b] });
}
