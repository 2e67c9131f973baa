/** `octavo serve` in a terminal that is closed: it ends in order where that is told, and goes on where it is not. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { openAnswer } from '../support/open-answer.js';

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** Resolves when the server in the terminal listens. */
async function startInTerminal(kind: 'own' | 'other') {
  const command = [process.execPath, path('../../dist/cli.js'), 'serve', '--port', '0', '--rows', '1'];
  const child = spawn('python3', [path('../support/in-terminal.py'), kind, ...command], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (text) => {
    output += text;
  });
  const ended = once(child, 'close').then(() => JSON.parse(output.slice(output.lastIndexOf('\n{'))));
  let url: string | undefined;
  while (url === undefined) {
    await once(child.stdout, 'data');
    url = /Octavo +(http:\S+)/.exec(output)?.[1];
  }
  return { url, ended, close: () => child.stdin.write('\n'), kill: (name: string) => child.stdin.write(`${name}\n`) };
}

it('answers what runs when its terminal is closed, and ends with 0', async () => {
  const server = await startInTerminal('own');
  const answer = await openAnswer(server.url, 4);
  server.close();
  expect(await answer.finish()).toEqual({ finishes: Array(4).fill('length'), done: true });
  expect(await server.ended).toEqual({ status: 0 });
});

it('goes on when a terminal that it only writes to is closed, and ends with 0 when it is told to', async () => {
  const server = await startInTerminal('other');
  server.close();
  // Each is a line of the log that nobody can read.
  for (let request = 0; request < 20; request++) {
    expect((await fetch(`${server.url}/v1/models`)).status).toBe(200);
  }
  const answer = await openAnswer(server.url, 4);
  server.kill('SIGTERM');
  expect(await answer.finish()).toEqual({ finishes: Array(4).fill('length'), done: true });
  expect(await server.ended).toEqual({ status: 0 });
});
