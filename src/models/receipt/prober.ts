/** Compares many graphs with one reference over the same windows, in a worker thread; the reference runs once. */
import { Piscina } from 'piscina';
import { type ErrorCode, OctavoError } from '../../errors.js';
import type { CompareSetup } from './comparer.js';
import type { Comparison } from './comparison.js';
import type { Window } from './windows.js';

/** Given to the thread when it starts. It holds the reference's logits for all windows: choose few. */
export interface ProbeSetup extends Omit<CompareSetup, 'model'> {
  readonly windows: readonly Window[];
}

export type ProbeReply =
  | { readonly kind: 'comparison'; readonly comparison: Comparison }
  | { readonly kind: 'error'; readonly code: ErrorCode; readonly message: string };

/** In the order of `graphs`; `onGraph` is told before each. Throws what loading and running throw. */
export async function compareGraphs(
  setup: ProbeSetup,
  graphs: readonly string[],
  onGraph: (index: number) => void,
): Promise<readonly Comparison[]> {
  const pool = new Piscina<string, ProbeReply>({
    filename: new URL('./probe-worker.js', import.meta.url).href,
    workerData: setup,
    minThreads: 1,
    maxThreads: 1,
    concurrentTasksPerWorker: 1,
    idleTimeout: Number.POSITIVE_INFINITY,
  });
  const comparisons: Comparison[] = [];
  try {
    for (const [index, graph] of graphs.entries()) {
      onGraph(index);
      const reply = await pool.run(graph);
      if (reply.kind === 'error') throw new OctavoError(reply.code, reply.message);
      comparisons.push(reply.comparison);
    }
    return comparisons;
  } finally {
    await pool.close();
  }
}
