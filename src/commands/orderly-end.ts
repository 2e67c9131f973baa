/** The end of a process that runs until it is told to stop: in order at first, at once when it is told again. */
import { complain } from './complain.js';
import { onEndingSignals } from './ending-signals.js';

export interface OrderlyEnd {
  /** Ends in order what runs. */
  readonly close: () => Promise<void>;
  /** Milliseconds that it has; then the process is ended anyway. */
  readonly graceMs: number;
  /** Says that a signal has come, before `close` is called. */
  readonly told: (signal: NodeJS.Signals) => void;
}

/** Not those of faults (SIGSEGV and its like): where one is listened to, the fault comes back for ever instead of ending the process. */
const signals = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM'] as const;

/**
 * From now on a signal ends the process with 0, and a broken invariant (an exception or a rejection that nobody caught)
 * with its stack and 1; both call `close` before. What comes on top ends it at once, with 1. Returns what ends it for
 * another reason, with a status of its own.
 */
export function endInOrder({ close, graceMs, told }: OrderlyEnd): (status: number) => void {
  let isEnding = false;
  const end = async (status: number) => {
    isEnding = true;
    setTimeout(() => endNow(`not all has ended within ${graceMs / 1000} s: what is left is cut`), graceMs);
    try {
      await close();
    } catch (error) {
      endNow(describe(error));
    }
    process.exit(status);
  };
  const fail = (error: unknown) => {
    if (isEnding) endNow(describe(error));
    process.stderr.write(`${describe(error)}\n`);
    void end(1);
  };
  process.on('uncaughtException', fail);
  process.on('unhandledRejection', fail);
  const again = (signal: NodeJS.Signals) => endNow(`told again (${signal}): ends now`);
  const first = (signal: NodeJS.Signals) => {
    if (isEnding) again(signal);
    told(signal);
    void end(0);
  };
  onEndingSignals(signals, { first, again });
  return (status) => void end(status);
}

function endNow(reason: string): never {
  complain(reason);
  process.exit(1);
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
