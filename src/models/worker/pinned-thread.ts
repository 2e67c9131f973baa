/** A worker thread that stays the same from its start to its end, one task at a time: what it has loaded is not lost. */
import { Piscina } from 'piscina';
import { setOrtVariables } from '../runtime/ort-variables.js';

export interface PinnedThread<Request, Reply> {
  run(request: Request): Promise<Reply>;
  /** `force`: whatever it is doing, which must not be a native run. */
  close(options?: { readonly force?: boolean }): Promise<void>;
}

/** Starts `worker` with `workerData`. Never aborted: ending a thread inside a native run aborts the process. */
export function startPinnedThread<Request, Reply>(worker: URL, workerData: unknown): PinnedThread<Request, Reply> {
  setOrtVariables();
  return new Piscina<Request, Reply>({
    filename: worker.href,
    workerData,
    minThreads: 1,
    maxThreads: 1,
    concurrentTasksPerWorker: 1,
    idleTimeout: Number.POSITIVE_INFINITY,
  });
}
