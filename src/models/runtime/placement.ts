/** Which execution provider runs which nodes of a graph, as ONNX Runtime has placed them. */
import { counted } from '../../counted.js';
import type { Precision } from '../manifest.js';

/** Nodes of one provider, by their operators. */
export interface Placement {
  /** As the configuration names it where it does: `cpu`, `webgpu`, `cuda`. */
  readonly provider: string;
  readonly operators: ReadonlyMap<string, number>;
}

/** Operators in which a model spends its time. */
const heavy = /^(.*MatMul.*|Gemm|.*Attention|Conv.*)$/;

/** What was asked of the runtime: the provider that was chosen, and the precision of the graph. */
export interface PlacedGraph {
  readonly provider: string;
  readonly precision: string;
}

/**
 * For a person: `all 326 nodes on cpu`; or the share of each provider, and the heavy operators that the CPU runs although
 * another provider was chosen. Empty where the runtime does not say. Of a provider that lays graphs out anew (WebGPU), ONNX
 * Runtime tells only the nodes that it left to others.
 */
export function describePlacement(placements: readonly Placement[], graph: PlacedGraph): string {
  const runners = placements
    .map(({ provider, operators }) => ({ provider, nodes: sum(operators.values()) }))
    .toSorted((a, b) => b.nodes - a.nodes);
  const [first, ...others] = runners;
  if (first === undefined) return '';
  const fallbacks = graph.provider === 'cpu' ? '' : describeFallbacks(placements, graph.precision);
  if (!runners.some(({ provider }) => provider === graph.provider)) {
    const known = runners.map(({ provider, nodes }) => `${counted(nodes, 'node')} on ${provider}`).join(', ');
    return `${known}, all others on ${graph.provider}${fallbacks}`;
  }
  const total = sum(runners.map(({ nodes }) => nodes));
  if (others.length === 0) return `all ${total} nodes on ${first.provider}`;
  const shares = runners.map(({ provider, nodes }) => `${((100 * nodes) / total).toFixed(0)}% on ${provider}`);
  return `of ${total} nodes ${shares.join(', ')}${fallbacks}`;
}

/** What `octavo build --target gpu` writes by default has only operators that GPU providers compute. */
const staysOnGpu: readonly string[] = ['int8-weight-fp16', 'int4-weight-fp16'] satisfies Precision[];

function describeFallbacks(placements: readonly Placement[], precision: string): string {
  const onCpu = placements.find(({ provider }) => provider === 'cpu')?.operators ?? new Map<string, number>();
  const fallen = [...onCpu].filter(([operator]) => heavy.test(operator));
  if (fallen.length === 0) return '';
  const named = fallen.map(([operator, count]) => `${count} ${operator}`).join(', ');
  const advice = staysOnGpu.includes(precision) ? '' : '; "octavo build --target gpu" makes a build that stays on it';
  return `; on cpu, as the provider has no kernel for them: ${named}${advice}`;
}

function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
