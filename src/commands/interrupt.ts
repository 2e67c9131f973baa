/** Ends a command in order at Ctrl-C or SIGTERM: what it began is removed, or kept so that it can go on. */
import { OctavoError } from '../errors.js';
import type { OnProgress } from '../models/receipt/progress.js';
import { onEndingSignals } from './ending-signals.js';

/** 128 and the signal's number, as shells have it. */
const exitCodes: ReadonlyMap<NodeJS.Signals, number> = new Map([
  ['SIGHUP', 129],
  ['SIGINT', 130],
  ['SIGTERM', 143],
]);

/**
 * `run` gets a signal that is aborted with an `interrupted` error. The first signal of the system only does that, so
 * that nothing native is torn down while it runs; a second one ends the process at once.
 */
export async function untilInterrupted<T>(run: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const { signal } = controller;
  let exitCode = 0;
  const first = (name: NodeJS.Signals) => {
    exitCode = exitCodes.get(name) ?? 1;
    if (process.stderr.isTTY) process.stderr.write('\r\x1b[KStopping; once more stops at once.\n');
    controller.abort(new OctavoError('interrupted', `Stopped by ${name}.`));
  };
  const again = (name: NodeJS.Signals) => {
    stopListening();
    process.kill(process.pid, name);
  };
  const stopListening = onEndingSignals(exitCodes.keys(), { first, again });
  try {
    return await run(signal);
  } catch (error) {
    if (!signal.aborted) throw error;
    process.exitCode = exitCode;
    // Ctrl-C reaches the processes of a command too: their ends are not the reason.
    throw error instanceof OctavoError && error.code === 'interrupted' ? error : signal.reason;
  } finally {
    stopListening();
  }
}

/** Long work reports how far it is; there it also learns that it shall stop. */
export function stopWith(signal: AbortSignal, onProgress: OnProgress): OnProgress {
  return (progress) => {
    signal.throwIfAborted();
    onProgress(progress);
  };
}
