/** Which execution provider runs which nodes of a graph, as ONNX Runtime has placed them. */

/** Nodes of one provider, by their operators. */
export interface Placement {
  /** As the configuration names it where it does: `cpu`, `webgpu`, `cuda`. */
  readonly provider: string;
  readonly operators: ReadonlyMap<string, number>;
}

/** Operators in which a model spends its time. */
const heavy = /^(.*MatMul.*|Gemm|.*Attention|Conv.*)$/;

/**
 * For a person: `all 326 nodes on cpu`; or the share of each provider, and the heavy operators that the CPU runs although
 * another provider, `chosen`, was asked for. ONNX Runtime does not list the nodes of some providers (WebGPU): then only
 * what the CPU has is counted. Empty where the runtime does not say.
 */
export function describePlacement(placements: readonly Placement[], chosen: string): string {
  const counted = placements
    .map(({ provider, operators }) => ({ provider, nodes: sum(operators.values()) }))
    .toSorted((a, b) => b.nodes - a.nodes);
  const total = sum(counted.map(({ nodes }) => nodes));
  const [first, ...rest] = counted;
  if (first === undefined) return '';
  if (!counted.some(({ provider }) => provider === chosen)) {
    const others = counted.map(({ provider, nodes }) => `${nodes} nodes on ${provider}`);
    return `${others.join(', ')}, all others on ${chosen}${describeFallbacks(placements)}`;
  }
  if (rest.length === 0) return `all ${total} nodes on ${first.provider}`;
  const shares = counted.map(({ provider, nodes }) => `${((100 * nodes) / total).toFixed(0)}% on ${provider}`);
  return `of ${total} nodes ${shares.join(', ')}${describeFallbacks(placements)}`;
}

function describeFallbacks(placements: readonly Placement[]): string {
  const onCpu = placements.find(({ provider }) => provider === 'cpu')?.operators ?? new Map<string, number>();
  const fallen = [...onCpu].filter(([operator]) => heavy.test(operator));
  if (fallen.length === 0) return '';
  const named = fallen.map(([operator, count]) => `${count} ${operator}`).join(', ');
  const integers = fallen.some(([operator]) => operator === 'MatMulIntegerToFloat');
  const advice = integers ? '; int8-weight and fp16 are the precisions for it' : '';
  return `; on cpu, as the provider has no kernel for them: ${named}${advice}`;
}

function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
