/** What this machine gives the process: how many threads may run at once, and how much memory is free. */
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

export interface ThreadCount {
  readonly threads: number;
  readonly reason: string;
}

/**
 * The processors that this process may use, or fewer where its control group has a quota: more threads than that only
 * wait for each other, and a step is as slow as its slowest thread. `quotaFile` is where the quota stands.
 */
export function countThreads(processors = availableParallelism(), quotaFile = '/sys/fs/cgroup/cpu.max'): ThreadCount {
  const quota = readQuota(quotaFile);
  if (quota === null || quota >= processors) return { threads: processors, reason: 'the processors' };
  const threads = Math.max(1, Math.floor(quota));
  return { threads, reason: `a quota of ${quota} of ${processors} processors` };
}

/** MiB for the KV caches: half of what is free, for weights and everything else have not been loaded yet. */
export function kvMemoryDefault(freeBytes = process.availableMemory()): number {
  return Math.max(64, Math.floor(freeBytes / 2 / 2 ** 20));
}

/** Processors' worth of time, 2 for "200000 100000"; `null`: no quota, or no control groups (version 2). */
function readQuota(file: string): number | null {
  try {
    const [quota, period] = readFileSync(file, 'utf8').trim().split(' ').map(Number);
    return quota !== undefined && period !== undefined && quota > 0 && period > 0 ? quota / period : null;
  } catch {
    return null;
  }
}
