/** Ends a command in order at Ctrl-C or SIGTERM. */
import { OctavoError } from '../errors.js';

const exitCodes = { SIGINT: 130, SIGTERM: 143 } as const;

/** `run` gets a signal that is aborted with an `interrupted` error; a second Ctrl-C ends the process at once. */
export async function untilInterrupted<T>(run: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const onSignal = (name: NodeJS.Signals) => {
    process.exitCode = exitCodes[name as keyof typeof exitCodes];
    controller.abort(new OctavoError('interrupted', `Stopped by ${name}.`));
    stopListening();
  };
  const stopListening = () => {
    for (const name of Object.keys(exitCodes)) process.off(name, onSignal);
  };
  for (const name of Object.keys(exitCodes)) process.on(name, onSignal);
  try {
    return await run(controller.signal);
  } finally {
    stopListening();
  }
}
