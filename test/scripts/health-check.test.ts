/** The health check of the container, against servers in each state that it must tell apart. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, it } from 'vitest';

const script = fileURLToPath(new URL('../../scripts/health-check.js', import.meta.url));
const servers: ReturnType<typeof createServer>[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

it('passes when the server is ready, and asks with the first key', async () => {
  const asked: unknown[] = [];
  const port = await listen((request, response) => {
    asked.push([request.url, request.headers.authorization]);
    response.end('{}');
  });
  expect(await check({ PORT: String(port), OCTAVO_API_KEYS: 'first, second' })).toBe(0);
  expect(await check({ PORT: String(port) })).toBe(0);
  expect(asked).toEqual([
    ['/health/ready', 'Bearer first'],
    ['/health/ready', undefined],
  ]);
});

it.each([
  [503, 1],
  [500, 1],
  [401, 0],
  [403, 0],
])('ends on status %i with exit code %i', async (status, code) => {
  const port = await listen((_request, response) => response.writeHead(status).end());
  expect(await check({ PORT: String(port) })).toBe(code);
});

it('fails when nothing listens', async () => {
  const port = await listen(() => {});
  const [server] = servers;
  server?.close();
  expect(await check({ PORT: String(port) })).toBe(1);
});

it('fails when the server takes the request and says nothing', async () => {
  const port = await listen(() => {});
  expect(await check({ PORT: String(port) })).toBe(1);
});

async function listen(answer: RequestListener): Promise<number> {
  const server = createServer(answer);
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** The exit code of the health check in this environment. */
async function check(env: Readonly<Record<string, string>>): Promise<number> {
  const [code] = await once(spawn(process.execPath, [script], { env }), 'exit');
  return code;
}
