/** One process with a model of each kind: a request chooses by its id, or gets the first that can do what it asks. */
import { join } from 'node:path';
import OpenAI from 'openai';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { embeddedModel, golden } from '../support/concierge.js';
import { temporaryFolder } from '../support/folders.js';
import { runOctavo } from '../support/octavo.js';
import { type ServerProcess, startServer } from '../support/server-process.js';
import { buildTinyEncoder } from '../support/tiny-encoder.js';

const { messages, text } = golden.find(({ tools }) => tools === undefined)!;
const labels = ['room', 'table', 'other'];
let server: ServerProcess;
let client: OpenAI;
let embedder: string;

beforeAll(async () => {
  embedder = await buildTinyEncoder({ task: 'embed' });
  const classifier = await buildTinyEncoder({ task: 'classify', labels });
  server = await startServer('--model', `${embedder},${embeddedModel}`, '--model', classifier);
  client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: 'none', maxRetries: 0 });
});

afterAll(async () => {
  expect(await server.stop()).toBe(0);
});

interface Classification {
  readonly data: readonly {
    readonly label: string;
    readonly scores: readonly { readonly label: string; readonly score: number }[];
  }[];
}

const post = (path: string, body: object) =>
  fetch(server.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

it('all are listed, and named at the start', async () => {
  const ids = (await client.models.list()).data.map(({ id }) => id);
  expect(ids).toEqual(['tiny-embed', 'concierge', 'tiny-classify']);
  for (const id of ids) expect(server.output()).toContain(`model    ${id} (`);
});

it('each does its own, at once', async () => {
  const [chat, vectors, classes] = await Promise.all([
    client.chat.completions.create({ model: 'concierge', messages: messages as never, temperature: 0 }),
    client.embeddings.create({ model: 'tiny-embed', input: ['a table', 'a room'] }),
    post('/v1/classify', { model: 'tiny-classify', input: ['a table', 'a room'] }).then(
      (answer) => answer.json() as Promise<Classification>,
    ),
  ]);
  expect(chat.choices[0]?.message.content).toBe(text.replace('<|im_end|>', ''));
  expect(vectors.data).toHaveLength(2);
  expect(classes).toMatchObject({ object: 'list', model: 'tiny-classify' });
  for (const { label, scores } of classes.data) {
    expect(scores.map((one) => one.label).toSorted()).toEqual(labels.toSorted());
    expect(scores[0]).toMatchObject({ label });
    expect(scores.reduce((sum, { score }) => sum + score, 0)).toBeCloseTo(1, 6);
  }
});

it('a request without an id gets the first that can do it', async () => {
  const answers = await Promise.all([
    post('/v1/completions', { prompt: 'I', max_tokens: 1 }),
    post('/v1/embeddings', { input: 'a' }),
    post('/v1/classify', { input: 'a' }),
  ]);
  const models = await Promise.all(answers.map(async (answer) => ((await answer.json()) as { model: string }).model));
  expect(models).toEqual(['concierge', 'tiny-embed', 'tiny-classify']);
});

it('the metrics are told apart by model, and the server is ready', async () => {
  const metrics = await (await fetch(`${server.url}/metrics`)).text();
  expect(metrics).toContain('octavo_step_seconds_count{model="tiny-classify",kind="encode"}');
  expect(metrics).toContain('octavo_step_seconds_count{model="concierge",kind="decode"}');
  expect(metrics.match(/^octavo_kv_cache_usage_ratio\{.*$/gm)).toHaveLength(1);
  expect((await fetch(`${server.url}/health/ready`)).status).toBe(200);
});

it('two models of one id are refused at the start', async () => {
  const args = ['serve', '--port', '0', '--model', embedder, '--model', join(embedder, '.')];
  const { code, err } = await runOctavo(args, { cwd: temporaryFolder() });
  expect([code, err]).toEqual([1, expect.stringContaining('Two models have the id "tiny-embed"')]);
});
