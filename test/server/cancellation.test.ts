/** Who leaves, and who waits too long, frees every sequence; who stays is never cancelled. */
import { expect, test } from 'vitest';
import { FakeGenerator } from '../support/fake-generator.js';
import { fakeModel } from '../support/fake-model.js';
import type { FakeServer } from '../support/fake-server.js';
import { fakeServer, listen, readEvents } from '../support/fake-server.js';

function silentServer(settings: Parameters<typeof fakeServer>[0] = {}): FakeServer {
  const server = fakeServer(settings);
  server.generator.script = null;
  return server;
}

test.each([true, false])('a caller who leaves frees all sequences (stream: %s)', async (stream) => {
  const server = silentServer();
  const { client } = await listen(server);
  const controller = new AbortController();
  const request = { model: 'fake', messages: [{ role: 'user' as const, content: 'Hi' }], n: 3, stream };
  const answering = client.chat.completions.create(request, { signal: controller.signal });
  // Whether the client notices before or after the headers is its own affair.
  answering.catch(() => {});
  const generations = await server.generator.submitted(3);
  if (stream) await answering;
  controller.abort();
  expect(await Promise.all(generations.map((generation) => generation.ended))).toEqual([
    'cancelled',
    'cancelled',
    'cancelled',
  ]);
  expect(server.generator.requests.every((request) => request.signal?.aborted)).toBe(true);
});

test('leaving in the middle of a stream frees the sequence and is counted', async () => {
  const server = silentServer();
  const { client } = await listen(server);
  const stream = await client.chat.completions.create({
    model: 'fake',
    messages: [{ role: 'user', content: 'Hi' }],
    stream: true,
  });
  const [generation] = await server.generator.submitted(1);
  generation?.say('first ');
  for await (const chunk of stream) if (chunk.choices[0]?.delta.content) break;
  expect(await generation?.ended).toBe('cancelled');
  const metrics = await server.metrics.registry.metrics();
  expect(metrics).toContain('octavo_requests_cancelled_total{route="/v1/chat/completions"} 1');
  expect(metrics).toContain('octavo_completion_tokens_total{model="fake"} 1');
});

test('an answer that ends by itself aborts nothing', async () => {
  const server = fakeServer();
  const { client } = await listen(server);
  await client.completions.create({ model: 'fake', prompt: 'x' });
  const stream = await client.completions.create({ model: 'fake', prompt: 'x', stream: true });
  for await (const chunk of stream) expect(chunk.choices).toHaveLength(1);
  await server.app.close();
  expect(server.generator.requests.map((request) => request.signal?.aborted)).toEqual([false, false]);
  expect(await server.metrics.registry.metrics()).not.toContain('octavo_requests_cancelled_total{');
});

test('the deadline is 504 before the first byte, an error event after it', async () => {
  const server = silentServer({ limits: { requestTimeoutMs: 5 } });
  const whole = await server.complete({});
  expect(whole.statusCode).toBe(504);
  expect(whole.headers['x-should-retry']).toBe('false');
  expect(whole.json().error.code).toBe('deadline_exceeded');
  const streamed = await server.chat({ stream: true });
  const events = readEvents(streamed.body);
  expect(events.at(-1).error.code).toBe('deadline_exceeded');
  expect(streamed.body).not.toContain('[DONE]');
  expect(server.generator.running).toBe(0);
});

test('a deadline that passes while the prompt is tokenized starts nothing', async () => {
  const generator = new FakeGenerator();
  // Due later than the deadline, so it fires later.
  const encode = () => new Promise<number[]>((resolve) => setTimeout(() => resolve([1]), 20));
  const model = { ...fakeModel, tokenizer: { ...fakeModel.tokenizer, encode } };
  const server = fakeServer({ limits: { requestTimeoutMs: 1 }, models: [{ kind: 'decoder', model, generator }] });
  expect((await server.complete({})).statusCode).toBe(504);
  expect(generator.requests).toEqual([]);
});

test('a reader who ignores the deadline is cut off', async () => {
  const server = fakeServer({ limits: { requestTimeoutMs: 20, closeGraceMs: 1 } });
  const piece = `${'x'.repeat(1024 * 1024 - 1)} `;
  server.generator.script = () => new Array<string>(64).fill(piece);
  const { port } = await listen(server);
  const response = await fetch(`http://127.0.0.1:${port}/v1/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ prompt: 'x', stream: true }),
  });
  // Nothing is read: the connection ends although the stream has not.
  await new Promise<void>((resolve) => {
    const check = () =>
      server.app.server.getConnections((_error, count) => (count === 0 ? resolve() : setImmediate(check)));
    check();
  });
  await expect(response.text()).rejects.toThrow();
});
