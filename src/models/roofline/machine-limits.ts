/** What this machine can do at most with a number of threads: read memory, and multiply 8-bit integers. */
import { askProcess } from '../own-process.js';

export interface MachineLimits {
  readonly readBytesPerSecond: number;
  /** Multiplications of 8-bit integers, each with its addition. */
  readonly int8MacsPerSecond: number;
}

/**
 * Takes about three seconds, in a process of its own: a process has one runtime, and what it allocates here should be
 * gone before a model is loaded. Throws `engine_failed` when that process ends without an answer.
 */
export function measureLimits(threads: number): Promise<MachineLimits> {
  return askProcess(new URL('./limits-process.js', import.meta.url), [String(threads)], 'measures the machine');
}
