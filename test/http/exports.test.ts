/** The server with exports by others: a decoder that grows, one in place, an embedder and a classifier, over HTTP. */
import { join } from 'node:path';
import OpenAI, { BadRequestError } from 'openai';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { copyExport, editJson, exportFolder, exportPrompts } from '../support/export-fixtures.js';
import { temporaryFolder } from '../support/folders.js';
import { runOctavo } from '../support/octavo.js';
import { type ServerProcess, startServer } from '../support/server-process.js';

let server: ServerProcess;
let client: OpenAI;

beforeAll(async () => {
  const folders = ['llama-optimum', 'llama-genai', 'bert-optimum', 'bert-classify-optimum'] as const;
  const models = folders.map((name) => (name === 'llama-optimum' ? `${exportFolder(name)}:fp32` : exportFolder(name)));
  server = await startServer('--model', models.join(), '--threads', '1');
  client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: 'none', maxRetries: 0 });
});

afterAll(async () => {
  expect(await server.stop()).toBe(0);
});

it('tells at the start, in the log and in the list of models how they run', async () => {
  const slow = 'The cache is not written in place (other operators than GroupQueryAttention read it): rows run';
  expect(server.output()).toContain('model    llama-optimum:fp32 (llama, fp32), context 128 tokens');
  expect(server.output().match(/^ {2}note {5}The cache is not written in place/gm)).toHaveLength(1);
  const logged = server
    .output()
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line));
  expect(logged).toContainEqual(
    expect.objectContaining({ level: 40, model: 'llama-optimum:fp32', msg: expect.stringContaining(slow) }),
  );
  const models = (await client.models.list()).data as unknown as { id: string; octavo: { remarks: string[] } }[];
  expect(models.map(({ id, octavo }) => [id, octavo.remarks.length])).toEqual([
    ['llama-optimum:fp32', 1],
    ['llama-genai', 0],
    ['bert-optimum', 0],
    ['bert-classify-optimum', 0],
  ]);
});

it('is found by an id with its variant, and chats where it has a template', async () => {
  expect(await client.models.retrieve('llama-optimum:fp32')).toMatchObject({ octavo: { precision: 'fp32' } });
  const { choices, usage } = await client.chat.completions.create({
    ...{ model: 'llama-optimum:fp32', messages: [{ role: 'user', content: 'Hi' }], max_tokens: 3, temperature: 0 },
  });
  expect(choices[0]?.message.role).toBe('assistant');
  expect(usage?.completion_tokens).toBeGreaterThan(0);
});

it('gives the same text from both exports of one model, in company and streamed', async () => {
  const ask = async (model: string, prompt: readonly number[]) =>
    (await client.completions.create({ model, prompt: [...prompt], max_tokens: 12, temperature: 0 })).choices[0]?.text;
  const prompts = exportPrompts('llama-genai').map(({ ids }) => ids);
  const [grown, inPlace] = await Promise.all(
    ['llama-optimum:fp32', 'llama-genai'].map((model) => Promise.all(prompts.map((prompt) => ask(model, prompt)))),
  );
  expect(grown).toEqual(inPlace);
  const stream = await client.completions.create({
    ...{ model: 'llama-optimum:fp32', prompt: [...prompts[2]!], max_tokens: 12, temperature: 0, stream: true },
  });
  let text = '';
  for await (const chunk of stream) text += chunk.choices[0]?.text ?? '';
  expect(text).toBe(grown![2]);
});

it('embeds and classifies', async () => {
  const { data } = await client.embeddings.create({ model: 'bert-optimum', input: ['a table', 'a room'] });
  expect(data.map(({ embedding }) => embedding.length)).toEqual([32, 32]);
  expect(Math.hypot(...data[0]!.embedding)).toBeCloseTo(1, 5);
  const answer = await fetch(`${server.url}/v1/classify`, {
    ...{ method: 'POST', headers: { 'content-type': 'application/json' } },
    body: JSON.stringify({ model: 'bert-classify-optimum', input: 'a table' }),
  });
  const { data: classes } = (await answer.json()) as { data: { scores: { label: string }[] }[] };
  expect(classes[0]?.scores.map(({ label }) => label).toSorted()).toEqual(['bad', 'good', 'other']);
});

it('refuses a text with a token that the model does not have, and goes on', async () => {
  const folder = copyExport('gpt2-combined', temporaryFolder());
  const tokenizer = join(folder, 'tokenizer.json');
  editJson(tokenizer, {
    added_tokens: [
      {
        id: 4000,
        content: '<beyond>',
        special: false,
        single_word: false,
        lstrip: false,
        rstrip: false,
        normalized: false,
      },
    ],
  });
  const other = await startServer('--model', folder, '--threads', '1');
  const openai = new OpenAI({ baseURL: `${other.url}/v1`, apiKey: 'none', maxRetries: 0 });
  const ask = (prompt: string) => openai.completions.create({ model: 'gpt2-combined', prompt, max_tokens: 2 });
  await expect(ask('a <beyond> b')).rejects.toThrow(BadRequestError);
  await expect(ask('a <beyond> b')).rejects.toThrow(/Token id 4000 does not exist: ids of this model are below 300/);
  expect((await ask('a b')).usage?.completion_tokens).toBeGreaterThan(0);
  expect(await other.stop()).toBe(0);
});

it('is shown and measured by name', async () => {
  const cwd = exportFolder('llama-optimum');
  const shown = await runOctavo(['show', `${cwd}:fp32`], { cwd });
  expect(shown.out).toMatch(/^llama-optimum:fp32 \(llama, fp32\), an ONNX export without manifest/);
  expect(shown.out).toMatch(
    /2 layers, 2 KV heads of 16, vocabulary 300, context 128 tokens\n.*model\.onnx\nNote: The cache/,
  );
  const json = await runOctavo(['show', exportFolder('bert-classify-optimum'), '--json'], { cwd });
  expect(JSON.parse(json.out)).toMatchObject({
    name: 'bert-classify-optimum',
    plan: { head: { task: 'classify' } },
    remarks: [],
  });
  const bench = ['bench', '--model', cwd, '--batch', '1,2', '--prompt', '8', '--steps', '4', '--repeat', '1', '--json'];
  const { results } = JSON.parse((await runOctavo(bench, { cwd })).out);
  expect(results.map(({ run }: { run: string }) => run)).toEqual(['decode 1', 'decode 2', 'prefill 8']);
  const missing = await runOctavo(['show', `${cwd}:q4`], { cwd });
  expect([missing.code, missing.err]).toEqual([1, expect.stringContaining('has no variant "q4": it has fp32.')]);
});
