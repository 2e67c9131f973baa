/** `octavo serve` in a process of its own, as its users start it. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

const cli = new URL('../dist/cli.js', import.meta.url).pathname;

/** `flags` of `octavo serve`. Resolves when it listens. */
export async function startOctavo(flags) {
  const args = [cli, 'serve', '--port', '0', '--log-level', 'warn', ...flags];
  const server = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = new Promise((resolve) => server.once('exit', resolve));
  for await (const line of createInterface({ input: server.stdout })) {
    const url = /^\s*Octavo\s+(http:\S+)/.exec(line)?.[1];
    if (url === undefined) continue;
    const close = async () => {
      server.kill('SIGTERM');
      await exited;
    };
    return { url, close };
  }
  throw new Error('The server stopped before it listened.');
}
