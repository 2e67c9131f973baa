/** Compares two models over windows of text, in a worker thread. */
import { Piscina } from 'piscina';
import { type ErrorCode, invariant, OctavoError } from '../../errors.js';
import type { DecoderShape } from '../decoder/language-model.js';
import type { ProviderName, RuntimeName } from '../runtime/runtime.js';
import { addComparisons, type Comparison, nothingCompared } from './comparison.js';
import type { Window } from './windows.js';

/** Given to the thread when it starts; it loads both models then. */
export interface CompareSetup {
  /** Absolute paths of the ONNX graphs. */
  readonly reference: string;
  readonly model: string;
  /** Of both; one row, and the capacity of a window. */
  readonly shape: DecoderShape;
  readonly runtime: RuntimeName | 'auto';
  readonly provider: ProviderName | 'auto';
  readonly threads: number;
}

export type CompareRequest = { readonly kind: 'window'; readonly window: Window } | { readonly kind: 'close' };

export type CompareReply =
  | { readonly kind: 'comparison'; readonly comparison: Comparison }
  | { readonly kind: 'closed' }
  | { readonly kind: 'error'; readonly code: ErrorCode; readonly message: string };

/** `onWindow` is told how many windows are done. Throws what loading and running throw. */
export async function compareModels(
  setup: CompareSetup,
  windows: readonly Window[],
  onWindow: (done: number) => void = () => {},
): Promise<Comparison> {
  const pool = new Piscina<CompareRequest, CompareReply>({
    filename: new URL('./compare-worker.js', import.meta.url).href,
    workerData: setup,
    minThreads: 1,
    maxThreads: 1,
    concurrentTasksPerWorker: 1,
    idleTimeout: Number.POSITIVE_INFINITY,
  });
  const ask = async (request: CompareRequest) => {
    const reply = await pool.run(request);
    if (reply.kind === 'error') throw new OctavoError(reply.code, reply.message);
    return reply;
  };
  try {
    let sums = nothingCompared;
    for (const [index, window] of windows.entries()) {
      const reply = await ask({ kind: 'window', window });
      invariant(reply.kind === 'comparison', 'a window is answered by its comparison');
      sums = addComparisons(sums, reply.comparison);
      onWindow(index + 1);
    }
    await ask({ kind: 'close' });
    return sums;
  } finally {
    // No window is running now, so the thread can end.
    await pool.close();
  }
}
