/** What this machine can do at most with a number of threads: read memory, and multiply 8-bit integers. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { OctavoError } from '../../errors.js';

export interface MachineLimits {
  readonly readBytesPerSecond: number;
  /** Multiplications of 8-bit integers, each with its addition. */
  readonly int8MacsPerSecond: number;
}

/**
 * Takes about three seconds, in a process of its own: a process has one runtime, and what it allocates here should be
 * gone before a model is loaded. Throws `engine_failed` when that process ends without an answer.
 */
export async function measureLimits(threads: number): Promise<MachineLimits> {
  const process = fork(new URL('./limits-process.js', import.meta.url), [String(threads)]);
  const waiting = new AbortController();
  const { signal } = waiting;
  try {
    const [limits] = await Promise.race([
      once(process, 'message', { signal }),
      once(process, 'exit', { signal }).then(([code, name]) => {
        throw new OctavoError('engine_failed', `The process that measures the machine ended (${name ?? code}).`);
      }),
    ]);
    return limits as MachineLimits;
  } finally {
    waiting.abort();
    process.kill();
  }
}
