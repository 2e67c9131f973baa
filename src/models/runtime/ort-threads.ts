/** The threads that runs compute on: a pool that the models of a process share, or one of a session's own. */
import { countThreads } from '../../machine.js';
import type { OrtApi, Pointer } from './ort-api.js';

/** Of the pool, the calling thread included. The same in every thread of the process, which has one pool. */
const sharedThreads = countThreads().threads;

export const loggingLevel = { error: 3, fatal: 4 };

/**
 * ONNX Runtime's environment, with the pool. It is one for the process and lives as long as it: whoever asks first makes it, and
 * the others get the same.
 */
export function createEnvironment(api: OrtApi): Pointer {
  const options = api.create('CreateThreadingOptions');
  try {
    api.call('SetGlobalIntraOpNumThreads', options, sharedThreads);
    const environment = api.create('CreateEnvWithGlobalThreadPools', loggingLevel.error, 'octavo', options);
    // On Windows there is no variable for it (`setOrtVariables`).
    api.call('DisableTelemetryEvents', environment);
    return environment;
  } finally {
    api.release('ReleaseThreadingOptions', options);
  }
}

/**
 * Has a session compute on so many threads. As many as the machine has are shared: pools of that size for each model would
 * have more threads than processors whenever two models compute at once.
 */
export function setThreads(api: OrtApi, settings: Pointer, threads: number): void {
  if (threads === sharedThreads && threads > 1) api.call('DisablePerSessionThreads', settings);
  else api.call('SetIntraOpNumThreads', settings, threads);
}
