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
}

/**
 * float32 [batch_size, sequence_length, hidden]. Only the gate needs its row scale before f. The scale of `up`
 * passes through the product and cancels when that is quantised by row, so it is applied at the end, as one product
 * of two small scales. With biases the scale must come before them, and nothing is left over.
 */
export function gatedMlp(context: GraphContext, path: string, use: GatedMlpUse): string {
  const { builder } = context;
  const input = activation(context, `${path}/gate_up_proj`, use.x);
  const gateUpMatrix = packGateUp(use);
  let gateUp = multiply(context, `${path}/gate_up_proj`, { input, matrix: gateUpMatrix });
  let pending = input.rowScale;
  if (use.bias) {
    const scaled = scaleRows(context, `${path}/gate_up_proj`, { x: gateUp, rowScale: pending });
    gateUp = addBias(context, `${path}/gate_up_proj`, { x: scaled, matrix: gateUpMatrix });
    pending = undefined;
  }
  const [gate, up] = [`${path}/gate`, `${path}/up`] as const;
  builder.node('Split', path, {
    inputs: [gateUp],
    outputs: [gate, up],
    attributes: { axis: -1n, num_outputs: 2n },
  });
  const scaledGate = scaleRows(context, gate, { x: gate, rowScale: pending });
  const opened = applyNonlinearity(context, path, { x: scaledGate, kind: use.gate });
  const product = builder.node('Mul', path, { inputs: [opened, up] });
  return down(context, `${path}/down_proj`, { ...use, product, pending });
}

function packGateUp({ hidden, intermediate, packed, tensors }: GatedMlpUse): Matrix {
  const name = `${tensors}.gate_up_proj.weight`;
  const parts = packed
    ? [{ tensor: name, rows: 2 * intermediate }]
    : ['gate_proj', 'up_proj'].map((part) => ({ tensor: `${tensors}.${part}.weight`, rows: intermediate }));
  return { name, parts, columns: hidden };
}

function down(
  context: GraphContext,
  path: string,
  use: GatedMlpUse & { product: string; pending: string | undefined },
): string {
  const name = `${use.tensors}.down_proj.weight`;
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
