/** llama.cpp's own server, started for some slots. */
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { llamaCpp } from './llama-cpp.mjs';

/** `capacity`: tokens of each slot. Resolves when it answers. */
export async function startLlamaServer({ model, threads, rows, capacity }) {
  const port = await freePort();
  const sizes = { '--ctx-size': rows * capacity, '--parallel': rows, '--threads': threads, '--cache-ram': 0 };
  const flags = Object.entries({ '--model': model, '--port': port, ...sizes })
    .flat()
    .map(String);
  const program = path.join(await llamaCpp(), 'llama-server');
  const server = spawn(program, [...flags, '--no-webui'], { stdio: 'ignore' });
  const ended = new Promise((resolve) => server.once('exit', resolve));
  const url = `http://127.0.0.1:${port}`;
  const close = async () => {
    server.kill('SIGTERM');
    await ended;
  };
  while (
    !(await fetch(`${url}/health`).then(
      ({ ok }) => ok,
      () => false,
    ))
  ) {
    if (server.exitCode !== null) throw new Error('llama-server ended before it answered.');
    await sleep(100);
  }
  return { url, close };
}

async function freePort() {
  const listener = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => listener.once('listening', resolve));
  const { port } = listener.address();
  await new Promise((resolve) => listener.close(resolve));
  return port;
}
