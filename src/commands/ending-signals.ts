/** The signals that ask a process to end, and when two of them are one. */
import { performance } from 'node:perf_hooks';

/**
 * Milliseconds after the first signal in which further ones are taken for it: npm hands on the Ctrl-C that the terminal
 * sends to every process in front of it, so that it comes twice. No person presses again so soon.
 */
const oneSignalMs = 500;

export interface SignalListeners {
  /** The process shall end. */
  readonly first: (signal: NodeJS.Signals) => void;
  /** It shall end at once: every signal from half a second after the first on. */
  readonly again: (signal: NodeJS.Signals) => void;
}

/** Listens until the function that it returns is called. */
export function onEndingSignals(
  names: Iterable<NodeJS.Signals>,
  { first, again }: SignalListeners,
  clock: () => number = () => performance.now(),
): () => void {
  const listened = [...names];
  let firstAt: number | null = null;
  const hear = (name: NodeJS.Signals) => {
    if (firstAt === null) {
      firstAt = clock();
      first(name);
    } else if (clock() - firstAt >= oneSignalMs) again(name);
  };
  for (const name of listened) process.on(name, hear);
  return () => {
    for (const name of listened) process.off(name, hear);
  };
}
