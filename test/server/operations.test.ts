/** Models, metrics, logs, and the documentation. */
import { readFile } from 'node:fs/promises';
import { Writable } from 'node:stream';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { openApiText } from '#octavo/server/openapi.js';
import { fakeServer, listen } from '../support/fake-server.js';

test('lists models as OpenAI does, with what Octavo adds', async () => {
  const server = fakeServer();
  const { client } = await listen(server);
  const list = await client.models.list();
  expect(list.data).toEqual([await client.models.retrieve('fake')]);
  expect(list.data[0]).toMatchObject({
    id: 'fake',
    object: 'model',
    created: 1_700_000_000,
    octavo: {
      precision: 'int8',
      kv_cache: 'float32',
      context_length: 100,
      rows: 4,
      capabilities: ['completions', 'chat.completions'],
    },
  });
  await expect(client.models.retrieve('none')).rejects.toMatchObject({ status: 404, code: 'model_not_found' });
});

test('a model without an id is 404, with what to ask', async () => {
  const answer = await fakeServer().app.inject('/v1/models/');
  expect(answer.statusCode).toBe(404);
  expect(answer.json().error).toMatchObject({
    code: 'model_not_found',
    message: "The id of a model is missing: this server has 'fake'; GET /v1/models lists them.",
  });
});

test('counts requests, tokens and times, and shows the gauges of the replica under both names', async () => {
  const server = fakeServer();
  server.metrics.watchReplica('fake', {
    running: () => 3,
    waiting: () => 2,
    kvUsage: () => 0.5,
    replicas: [
      { running: 2, waiting: 1, healthy: true },
      { running: 1, waiting: 1, healthy: false },
    ],
    devices: ['cuda', 'cuda:1'],
  });
  const times = { modelMs: 4, sampleMs: 1 };
  server.metrics.observeStep('fake', { kind: 'prefill', rows: 2, rounds: 1, tokens: 16, paddedTokens: 20, ...times });
  server.metrics.observeStep('fake', { kind: 'prefill', rows: 1, rounds: 1, tokens: 20, paddedTokens: 20, ...times });
  const decode = { kind: 'decode', rows: 1, rounds: 2, tokens: 5, paddedTokens: 5 } as const;
  server.metrics.observeStep('fake', { ...decode, ...times, speculation: { drafted: 8, accepted: 3 } });
  const timings = { queueMs: 1, prefillMs: 2, decodeMs: 3 };
  server.metrics.observeSequence('fake', { promptTokens: 5, completionTokens: 7, reusedTokens: 4, timings });
  await server.complete({ n: 2 });
  await server.complete({ n: 0 });
  const text = (await server.app.inject('/metrics')).body;
  for (const line of [
    'octavo_reused_prompt_tokens_total{model="fake"} 4',
    'octavo_replica_sequences{model="fake",replica="0",device="cuda"} 3',
    'octavo_replica_ready{model="fake",replica="1",device="cuda:1"} 0',
    'octavo_drafted_tokens_total{model="fake"} 8',
    'octavo_accepted_tokens_total{model="fake"} 3',
    'octavo_step_seconds_count{model="fake",kind="decode"} 2',
    'octavo_requests_total{route="/v1/completions",status="200"} 1',
    'octavo_requests_total{route="/v1/completions",status="400"} 1',
    'octavo_prompt_tokens_total{model="fake"} 2',
    'octavo_completion_tokens_total{model="fake"} 6',
    'octavo_time_to_first_token_seconds_count{model="fake"} 2',
    'octavo_queue_seconds_count{model="fake"} 1',
    'octavo_padding_tokens_total{model="fake",kind="prefill"} 4',
    'octavo_padding_waste_ratio{model="fake",kind="prefill"} 0.1',
    'octavo_sequences_running{model="fake"} 3',
    'vllm:num_requests_running{model_name="fake"} 3',
    'vllm:num_requests_waiting{model_name="fake"} 2',
    'vllm:kv_cache_usage_perc{model_name="fake"} 0.5',
  ]) {
    expect(text).toContain(`${line}\n`);
  }
});

function logged() {
  const lines: string[] = [];
  const sink = new Writable({
    write: (chunk, _encoding, done) => {
      lines.push(...String(chunk).trimEnd().split('\n'));
      done();
    },
  });
  return { lines, logger: pino({ level: 'info' }, sink) };
}

test('writes one line for each request, without the prompt', async () => {
  const { lines, logger } = logged();
  const server = fakeServer({ logger });
  await server.post('/v1/completions', { prompt: 'very private' }, { 'x-request-id': 'r1' });
  await server.complete({ prompt: 7 });
  expect(lines).toHaveLength(2);
  expect(lines.join()).not.toContain('private');
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({
    method: 'POST',
    route: '/v1/completions',
    status: 200,
    model: 'fake',
    promptTokens: 12,
    completionTokens: 3,
    finish: ['stop'],
    reqId: 'r1',
    aborted: false,
    ms: expect.any(Number),
  });
});

test('logs prompts when told to, and no prompt can forge a line', async () => {
  const { lines, logger } = logged();
  const server = fakeServer({ logger, logPrompts: true });
  await server.complete({ prompt: 'a\r\n{"level":30}\u001b[31m\u2028b' });
  await server.app.inject('/v1/\u001b%0d%0a{"level":30}');
  expect(lines).toHaveLength(2);
  expect(JSON.parse(lines[0] ?? '').prompts).toEqual([{ kind: 'text', text: 'a\r\n{"level":30}\u001b[31m\u2028b' }]);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  expect(lines.join('')).not.toMatch(/[\u0000-\u001f]/);
});

test.each([true, false])('a caller who leaves is one line too, and no error (stream: %s)', async (stream) => {
  const { lines, logger } = logged();
  const server = fakeServer({ logger });
  server.generator.script = null;
  const { port } = await listen(server);
  const leaving = new AbortController();
  const answering = fetch(`http://127.0.0.1:${port}/v1/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ prompt: 'x', stream }),
    signal: leaving.signal,
  });
  answering.catch(() => {});
  const [generation] = await server.generator.submitted(1);
  leaving.abort();
  await generation?.ended;
  await server.app.close();
  const requests = lines.map((line) => JSON.parse(line)).filter(({ msg }) => !msg.startsWith('Server listening'));
  expect(requests).toHaveLength(1);
  expect(requests[0]).toMatchObject({ level: 30, aborted: true, msg: 'request', completionTokens: 0 });
});

test('the committed OpenAPI document is the one of the schemas: run `npm run openapi`', async () => {
  const committed = await readFile(new URL('../../openapi/openapi.json', import.meta.url), 'utf8');
  expect(committed).toBe(await openApiText());
});

test('serves the document, and a page to try it that needs nothing from outside', async () => {
  const { app } = fakeServer();
  const document = (await app.inject('/openapi.json')).json();
  // The page reads the same one.
  expect(await app.inject('/docs/json')).toMatchObject({ statusCode: 302, headers: { location: '../openapi.json' } });
  expect(document.openapi).toMatch(/^3\.1\./);
  expect(Object.keys(document.paths).sort()).toEqual([
    '/health/live',
    '/health/ready',
    '/metrics',
    '/v1/chat/completions',
    '/v1/classify',
    '/v1/completions',
    '/v1/embeddings',
    '/v1/models',
    '/v1/models/{model}',
    '/v1/moderations',
  ]);
  const page = await app.inject('/docs/');
  expect(page.headers['content-security-policy']).toContain("default-src 'none'");
  const links = [...page.body.matchAll(/(?:href|src)="([^"]+)"/g)].map((match) => match[1] ?? '');
  expect(links.length).toBeGreaterThan(3);
  for (const link of links) {
    expect(link).toMatch(/^\.\/static\//);
    expect((await app.inject(`/docs/${link}`)).statusCode, link).toBe(200);
  }
});

test('the bare address leads to the page, behind the same guards', async () => {
  const { app } = fakeServer();
  expect(await app.inject('/')).toMatchObject({ statusCode: 302, headers: { location: '/docs' } });
  expect((await app.inject('/docs')).statusCode).toBe(200);
  const guarded = fakeServer({ apiKeys: ['key'] }).app;
  for (const url of ['/', '/docs']) expect((await guarded.inject(url)).statusCode).toBe(401);
});

test('the document tells what the schemas tell', async () => {
  const { components } = JSON.parse(await openApiText());
  const { properties } = components.schemas.CreateCompletionInput;
  expect(properties.prompt.anyOf).toHaveLength(4);
  expect(properties.seed.description).toContain('32 bits');
  expect(properties.logit_bias).toMatchObject({ type: 'object', maxProperties: 1024 });
  const { messages } = components.schemas.CreateChatCompletionInput.properties;
  expect(messages).toMatchObject({ type: 'array', minItems: 1, maxItems: 2048, items: { required: ['role'] } });
});

test('every reference in the document resolves', async () => {
  const text = await openApiText();
  const { components } = JSON.parse(text);
  const names = [...text.matchAll(/"#\/components\/schemas\/([^"]+)"/g)].map((match) => match[1] ?? '');
  expect(new Set(names)).toEqual(new Set(Object.keys(components.schemas)));
});
