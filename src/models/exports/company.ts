/** Operators whose results for one row depend on the rows beside it. */
import type { GraphFacts, NodeFacts } from '../onnx-file/graph-facts.js';

/** One scale for all activations of a batch. */
const scaledTogether: ReadonlySet<string> = new Set(['DynamicQuantizeLinear', 'DynamicQuantizeMatMul']);

/** What whoever serves the graph should know, a sentence; `null`: rows do not see each other. */
export function companyRemark({ nodes, nested }: GraphFacts): string | null {
  const all = [...nodes, ...nested];
  const op = all.find((node) => scaledTogether.has(node.op))?.op ?? all.find(roundsByBatch)?.op;
  if (op === undefined) return null;
  return `${op} computes a row otherwise in a batch than alone: what a request gets can depend on who shares its steps.`;
}

/** At other accuracy levels than the fourth its product is another one for a single row. */
function roundsByBatch({ op, integers }: NodeFacts): boolean {
  return op === 'MatMulNBits' && integers.get('accuracy_level') !== 4;
}
