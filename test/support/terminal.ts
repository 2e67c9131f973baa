/** `octavo` in a terminal: a pseudo-terminal by Python, which Node has none of. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Screen } from './screen.js';

const cli = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
const open = 'import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))';

export interface Terminal {
  /** Standard output and errors, as the terminal shows them. */
  readonly screen: Screen;
  type(keys: string): void;
  /** The exit status. */
  readonly ended: Promise<number | null>;
}

export const ctrlC = '\x03';
export const ctrlD = '\x04';

export function openTerminal(...args: readonly string[]): Terminal {
  const child = spawn('python3', ['-c', open, process.execPath, cli, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  const screen = new Screen();
  child.stdout.pipe(screen);
  return {
    screen,
    type: (keys) => void child.stdin.write(keys),
    ended: once(child, 'exit').then(([code]) => code),
  };
}
