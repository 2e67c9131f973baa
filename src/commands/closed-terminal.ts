/** Lets a process go on, and end, whose terminal was closed. */
import { closeSync } from 'node:fs';
import { isatty } from 'node:tty';

/**
 * What is written to a closed terminal goes nowhere, instead of being an error that nobody caught. At its end Node sets
 * the terminals that it began with back to their modes, and aborts where one of them is gone; it passes over those that
 * the program has closed.
 */
export function outliveTerminal(): void {
  const terminals = [0, 1, 2].filter((descriptor) => isatty(descriptor));
  if (terminals.length === 0) return;
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EIO') throw error;
    });
  }
  process.on('exit', () => {
    for (const descriptor of terminals) if (!isatty(descriptor)) closeSync(descriptor);
  });
}
