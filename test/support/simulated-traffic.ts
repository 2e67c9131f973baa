/** The simulated runs of the scheduler's tests: a trace under both groupings, and what is said of a run. */
import { defaultLimits, type SchedulerLimits } from '#octavo/batcher/scheduler.js';
import { Simulation } from './simulation.js';
import { type Arrival, stretchTrace } from './trace.js';

/** Longer prompts are cut, 2% of the trace. */
const longest = 4096;
const capacity = longest + 1024;
export const rows = 32;

export interface Traffic {
  readonly count: number;
  /** Times as long between two arrivals as in the trace. */
  readonly slower: number;
  /** Lengths of prompts are divided by this. */
  readonly shorter?: number;
}

export async function serveTrace(
  trace: readonly Arrival[],
  { count, slower, shorter = 1 }: Traffic,
  grouping: SchedulerLimits['grouping'],
): Promise<Simulation> {
  const cut = trace.map((arrival) => ({ ...arrival, promptTokens: Math.ceil(arrival.promptTokens / shorter) }));
  const arrivals = stretchTrace(cut, { count, slower, longest });
  const scheduler = { ...defaultLimits, grouping };
  return new Simulation(arrivals, { rows, capacity, scheduler, cancelOneIn: 50 }).run();
}

/** Milliseconds that a share of the sorted values does not exceed. */
export function quantile(values: readonly (number | undefined)[], share: number): number {
  const sorted = values.filter((value) => value !== undefined).sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** A row of the table in docs/performance.md. */
export function summary(name: string, simulation: Simulation): string {
  const seconds = (share: number) => (quantile(simulation.firstToken, share) / 1000).toFixed(1);
  const cells = [
    name,
    `${(100 * simulation.waste).toFixed(2)}%`,
    `${simulation.prefill.together}`,
    seconds(0.5),
    seconds(0.95),
    `${((1000 * simulation.outputTokens) / simulation.busyMs).toFixed(1)}`,
    `${((100 * simulation.busyMs) / simulation.now).toFixed(0)}%`,
    `${simulation.longestQueue}`,
  ];
  return `| ${cells.join(' | ')} |`;
}
