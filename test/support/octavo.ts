/** `octavo` as a person types it in a folder. */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const cli = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));

export interface Outcome {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface Typed {
  /** The working folder. */
  readonly cwd: string;
  /** What is typed into it once it runs. */
  readonly input?: string;
  /** Variables beside those of the test's own process. */
  readonly env?: NodeJS.ProcessEnv;
  /** Told the process once it runs. */
  readonly onStart?: (child: ChildProcess) => void;
}

export function runOctavo(args: readonly string[], { cwd, input = '', env = {}, onStart }: Typed): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [cli, ...args], { cwd, env: { ...process.env, ...env } });
    onStart?.(child);
    let [out, err] = ['', ''];
    child.stdout.on('data', (text) => {
      out += text;
    });
    child.stderr.on('data', (text) => {
      err += text;
    });
    child.on('close', (code) => resolve({ code, out, err }));
    child.stdin.end(input);
  });
}
