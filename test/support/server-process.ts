/** The server as its users start it: a process of its own, called over HTTP. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const cli = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));

export interface ServerProcess {
  readonly url: string;
  readonly process: ChildProcess;
  /** Everything printed so far. */
  output(): string;
  /** Resident memory in bytes (Linux). */
  memory(): number;
  /** Sends SIGTERM and resolves with the exit code. */
  stop(): Promise<number | null>;
}

/** Starts `octavo serve` on a free port and waits for its address. */
export async function startServer(...args: readonly string[]): Promise<ServerProcess> {
  return startServerWith([], args);
}

/** The same with flags of Node. */
export async function startServerWith(nodeFlags: readonly string[], args: readonly string[]): Promise<ServerProcess> {
  const command = [...nodeFlags, cli, 'serve', '--port', '0', ...args];
  const child = spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  child.stderr.on('data', (text) => {
    output += text;
  });
  const exited = once(child, 'exit');
  const url = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      output += `${line}\n`;
      const address = /^\s*Octavo\s+(http:\S+)/.exec(line)?.[1];
      if (address !== undefined) resolve(address);
    });
    exited.then(() => reject(new Error(`The server stopped before it listened:\n${output}`)));
  });
  return {
    url,
    process: child,
    output: () => output,
    memory: () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]) * 1024,
    stop: async () => {
      child.kill('SIGTERM');
      return (await exited)[0];
    },
  };
}
