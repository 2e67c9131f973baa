/** The worker threads that a test file starts, so that it can end one. */
import { createRequire, syncBuiltinESMExports } from 'node:module';
import type { Worker } from 'node:worker_threads';

/** Every worker thread started from here on; must run before anything that starts one is imported. */
export function recordWorkers(): Worker[] {
  const started: Worker[] = [];
  const threads = createRequire(import.meta.url)('node:worker_threads') as { Worker: typeof Worker };
  threads.Worker = class extends threads.Worker {
    constructor(...args: ConstructorParameters<typeof Worker>) {
      super(...args);
      started.push(this);
    }
  };
  syncBuiltinESMExports();
  return started;
}
