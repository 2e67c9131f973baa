/** Compares models with one reference over the same samples, in a worker thread. */
import { invariant, OctavoError } from '../../errors.js';
import { startPinnedThread } from '../worker/pinned-thread.js';
import type { CompareReply, CompareRequest, CompareSetup, Graphs } from './comparison-protocol.js';

export interface CompareOptions<Sample, Shape> {
  /** A thread that serves `serveComparisons`. */
  readonly worker: URL;
  readonly setup: CompareSetup<Sample, Shape>;
  readonly models: readonly Graphs[];
  /** Told before each model and after each of its samples. */
  readonly onSample?: (model: number, done: number) => void;
}

/** What each model gives for each sample, compared with what the reference gives. Throws what loading and running throw. */
export async function compareModels<Sample, Shape, Result>(
  options: CompareOptions<Sample, Shape>,
): Promise<readonly (readonly Result[])[]> {
  const { worker, setup, models, onSample = () => {} } = options;
  const pool = startPinnedThread<CompareRequest, CompareReply<Result>>(worker, setup);
  const ask = async (request: CompareRequest) => {
    const reply = await pool.run(request);
    if (reply.kind === 'error') throw new OctavoError(reply.code, reply.message);
    return reply;
  };
  try {
    const results: Result[][] = models.map(() => []);
    for (const [model, graphs] of models.entries()) {
      onSample(model, 0);
      await ask({ kind: 'open', graphs });
      for (let index = 0; index < setup.samples.length; index++) {
        const reply = await ask({ kind: 'compare', index });
        invariant(reply.kind === 'result', 'a sample is answered by its result');
        results[model]!.push(reply.result);
        onSample(model, index + 1);
      }
    }
    await ask({ kind: 'close' });
    return results;
  } finally {
    // Nothing is running now, so the thread can end.
    await pool.close();
  }
}
