/** What precision a graph computes its products in, where no name tells. */
import type { GraphFacts } from '../onnx-file/graph-facts.js';

const int8Products: ReadonlySet<string> = new Set(['MatMulInteger', 'DynamicQuantizeMatMul', 'MatMulIntegerToFloat']);

/** By its matrix products, in the words of `octavo build`. */
export function precisionOf({ nodes }: GraphFacts): string {
  const blocks = nodes.find(({ op }) => op === 'MatMulNBits');
  if (blocks !== undefined) return `int${blocks.integers.get('bits') ?? 4}-weight`;
  return nodes.some(({ op }) => int8Products.has(op)) ? 'int8' : 'fp32';
}
