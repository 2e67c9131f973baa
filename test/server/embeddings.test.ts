/** `POST /v1/embeddings` on a fake encoder: every shape of input, every format of a vector, every refusal. */
import { describe, expect, test } from 'vitest';
import { OctavoError } from '#octavo/errors.js';
import { fakeEmbedder, fakeEncoder } from '../support/fake-encoder.js';
import { FakeGenerator } from '../support/fake-generator.js';
import { fakeModel } from '../support/fake-model.js';
import { fakeServer, listen } from '../support/fake-server.js';

const text = 'Hi';
/** `<Hi>` */
const ids = [60, 72, 105, 62];

function start(settings: Parameters<typeof fakeServer>[0] = {}) {
  const { encoder, replica } = fakeEncoder();
  const server = fakeServer({ models: [replica], ...settings });
  return {
    ...server,
    encoder,
    replica,
    embed: (body: object) => server.post('/v1/embeddings', { input: text, ...body }),
  };
}

describe('input', () => {
  test.each<[string, unknown, readonly (readonly number[])[]]>([
    ['a text', text, [ids]],
    ['several texts', [text, 'a'], [ids, [60, 97, 62]]],
    ['token ids, taken as they are', [1, 2, 3], [[1, 2, 3]]],
    ['several lists of token ids', [[1, 2], [3]], [[1, 2], [3]]],
  ])('%s', async (_, input, texts) => {
    const { embed, encoder } = start();
    const answer = await embed({ input });
    expect(answer.statusCode).toBe(200);
    expect(encoder.requests.map((request) => request.texts)).toEqual([texts]);
    const tokens = texts.flat().length;
    expect(answer.json()).toEqual({
      object: 'list',
      data: texts.map((one, index) => ({ object: 'embedding', index, embedding: [one.length, one[1] ?? 0, 0, 0] })),
      model: 'fake-embedder',
      usage: { prompt_tokens: tokens, total_tokens: tokens },
    });
  });

  test.each<[string, object, string, string, RegExp]>([
    ['none', { input: undefined }, 'invalid_value', 'input', /Missing required parameter: 'input'/],
    ['an empty list', { input: [] }, 'invalid_value', 'input', /at least one entry/],
    ['an empty text', { input: '' }, 'invalid_value', 'input', /'input' is an empty text/],
    ['an empty text among others', { input: ['a', ''] }, 'invalid_value', 'input[1]', /'input\[1\]' is an empty text/],
    ['an empty list of ids', { input: [[1], []] }, 'invalid_value', 'input[1]', /at least one token id/],
    ['mixed shapes', { input: ['a', [1]] }, 'invalid_value', 'input[1]', /expected a string/],
    ['another type', { input: { text } }, 'invalid_value', 'input', /a string or an array/],
    ['a token that does not exist', { input: [[1], [256]] }, 'invalid_value', 'input[1]', /Token id 256 .* below 256/],
    ['more texts than allowed', { input: new Array(2049).fill('a') }, 'invalid_value', 'input', /at most 2048 texts/],
    [
      'too long a text',
      { input: ['a', 'b'.repeat(19)] },
      'context_length_exceeded',
      'input[1]',
      /20 tokens.*has 21.*truncate_prompt_tokens/,
    ],
    ['too many ids', { input: new Array(21).fill(1) }, 'context_length_exceeded', 'input', /20 tokens.*has 21/],
    [
      'a hopeless text',
      { input: 'b'.repeat(1000) },
      'context_length_exceeded',
      'input',
      /20 tokens, which hold 80 characters at most, .*; 'input' has 1000\./,
    ],
    [
      'more dimensions than there are',
      { dimensions: 5 },
      'invalid_value',
      'dimensions',
      /is 5, but vectors of the model 'fake-embedder' have 4/,
    ],
    ['no dimension', { dimensions: 0 }, 'invalid_value', 'dimensions', /./],
    ['an unknown format', { encoding_format: 'int8' }, 'invalid_value', 'encoding_format', /./],
    [
      'a length too short for a text',
      { truncate_prompt_tokens: 2 },
      'invalid_value',
      'truncate_prompt_tokens',
      /3 to 20, or -1/,
    ],
    [
      'a length beyond the context',
      { truncate_prompt_tokens: 21 },
      'invalid_value',
      'truncate_prompt_tokens',
      /3 to 20, or -1/,
    ],
    ['an unknown parameter', { temprature: 1 }, 'unknown_parameter', 'temprature', /./],
    ['a parameter of generation', { stream: true }, 'unknown_parameter', 'stream', /./],
  ])('%s is refused', async (_, body, code, param, message) => {
    const { embed, encoder } = start();
    const answer = await embed(body);
    expect(answer.statusCode).toBe(400);
    expect(answer.json().error).toMatchObject({ code, param, type: 'invalid_request_error' });
    expect(answer.json().error.message).toMatch(message);
    expect(encoder.requests).toEqual([]);
  });

  test.each<[string, unknown, number, readonly number[]]>([
    ['a text', 'Hello', 4, [60, 72, 101, 62]],
    ['a text longer than any context', 'b'.repeat(10_000), -1, [60, ...new Array(18).fill(98), 62]],
    ['a text that fits', 'Hi', -1, ids],
  ])('truncate_prompt_tokens cuts %s, special tokens kept', async (_, input, length, expected) => {
    const { embed, encoder } = start();
    const answer = await embed({ input, truncate_prompt_tokens: length });
    expect(encoder.requests[0]?.texts).toEqual([expected]);
    expect(answer.json().usage.prompt_tokens).toBe(expected.length);
  });
});

describe('vectors', () => {
  test('base64 is their float32 bytes', async () => {
    const { embed, encoder } = start();
    encoder.row = () => [0.5, -1.25, 3, 1e-7];
    const [entry] = (await embed({ encoding_format: 'base64' })).json().data;
    const bytes = Buffer.from(entry.embedding, 'base64');
    expect([0, 4, 8, 12].map((at) => bytes.readFloatLE(at))).toEqual([0.5, -1.25, 3, Math.fround(1e-7)]);
  });

  test.each<[number, readonly number[]]>([
    [2, [0.6, 0.8]],
    [3, [0.6, 0.8, 0]],
    [4, [3, 4, 0, 12]],
  ])('%i dimensions', async (dimensions, expected) => {
    const { embed, encoder } = start();
    encoder.row = () => [3, 4, 0, 12];
    const [entry] = (await embed({ dimensions })).json().data;
    expect(entry.embedding).toEqual(expected.map(Math.fround));
  });

  test('of nothing but zeros stay zeros', async () => {
    const { embed, encoder } = start();
    encoder.row = () => [0, 0, 0, 1];
    expect((await embed({ dimensions: 2 })).json().data[0].embedding).toEqual([0, 0]);
  });
});

describe('models', () => {
  const both = () => {
    const { encoder, replica } = fakeEncoder();
    const generator = new FakeGenerator();
    const server = fakeServer({ models: [{ kind: 'decoder', model: fakeModel, generator }, replica] });
    return { ...server, encoder };
  };

  test('a request that names none gets the first that can do it', async () => {
    const server = both();
    expect((await server.post('/v1/embeddings', { input: 'a' })).json().model).toBe('fake-embedder');
    expect((await server.chat({})).json().model).toBe('fake');
  });

  test.each<[string, string, object, RegExp]>([
    [
      'embeddings of a chat model',
      '/v1/embeddings',
      { model: 'fake', input: 'a' },
      /'fake' cannot embed texts: it can generate text, by \/v1\/completions or \/v1\/chat\/completions; 'fake-embedder' can\.$/,
    ],
    [
      'a chat with an embedder',
      '/v1/chat/completions',
      { model: 'fake-embedder', messages: [{ role: 'user', content: 'a' }] },
      /'fake-embedder' cannot generate text: it can embed texts, by \/v1\/embeddings; 'fake' can\.$/,
    ],
    ['a completion of an embedder', '/v1/completions', { model: 'fake-embedder', prompt: 'a' }, /cannot generate text/],
  ])('%s is refused with what would do', async (_, url, body, message) => {
    const answer = await both().post(url, body);
    expect(answer.statusCode).toBe(400);
    expect(answer.json().error).toMatchObject({
      code: 'invalid_value',
      param: 'model',
      message: expect.stringMatching(message),
    });
  });

  test('a server that has only other kinds says which, and what they do', async () => {
    const generating = await fakeServer().post('/v1/embeddings', { input: 'a' });
    expect(generating.json().error).toMatchObject({
      code: 'invalid_value',
      message:
        "No model of this server can embed texts: 'fake' can generate text, by /v1/completions or /v1/chat/completions.",
    });
    const embedding = "No model of this server can generate text: 'fake-embedder' can embed texts, by /v1/embeddings.";
    expect((await start().chat({})).json().error.message).toBe(embedding);
    expect((await both().post('/v1/classify', { input: 'a' })).json().error.message).toMatch(
      /^No model of this server can classify texts: 'fake' can generate .*; 'fake-embedder' can embed texts, by /,
    );
    const named = await fakeServer().post('/v1/embeddings', { model: 'fake', input: 'a' });
    expect(named.json().error.message).toMatch(/'fake' cannot embed texts: .*; no model of this server can\.$/);
  });

  test('one that does not exist is 404', async () => {
    const answer = await both().post('/v1/embeddings', { model: 'x', input: 'a' });
    expect(answer.statusCode).toBe(404);
    expect(answer.json().error.message).toBe("The model 'x' does not exist; this server has 'fake', 'fake-embedder'.");
  });

  test('are listed with what they do', async () => {
    const list = (await both().app.inject('/v1/models')).json().data;
    expect(list[0].octavo).toMatchObject({ task: 'generate', capabilities: ['completions', 'chat.completions'] });
    expect(list[1].octavo).toMatchObject({
      task: 'embed',
      capabilities: ['embeddings'],
      dimensions: 4,
      context_length: 20,
    });
    expect(list[1].octavo).not.toHaveProperty('defaults');
  });
});

describe('a busy server', () => {
  test('says when to come back', async () => {
    const { embed, encoder } = start();
    encoder.refusal = new OctavoError('queue_full', 'full');
    const answer = await embed({});
    expect(answer.statusCode).toBe(429);
    expect(answer.headers['retry-after']).toBe('7');
    expect(encoder.requests).toEqual([]);
  });

  test('ends at the deadline', async () => {
    const { embed, encoder } = start({ limits: { requestTimeoutMs: 5 } });
    encoder.before = ({ signal }) =>
      new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
    expect((await embed({})).statusCode).toBe(504);
  });

  test('takes no body beyond its bound', async () => {
    const { embed } = start({ limits: { bodyBytes: 100 } });
    expect((await embed({ input: 'b'.repeat(200) })).statusCode).toBe(413);
  });

  test.each<[string, Parameters<typeof fakeServer>[0], number]>([
    ['drains', { draining: () => true }, 503],
    ['is not ready', { ready: () => ({ ready: false, reason: 'it starts' }) }, 503],
  ])('that %s computes nothing', async (_, settings, status) => {
    const { embed, encoder } = start(settings);
    expect((await embed({})).statusCode).toBe(status);
    expect(encoder.requests).toEqual([]);
  });
});

test('a caller who leaves ends the request', async () => {
  const server = start();
  const aborted = new Promise<void>((resolve) => {
    server.encoder.before = ({ signal }) =>
      new Promise((_, reject) =>
        signal?.addEventListener('abort', () => {
          resolve();
          reject(signal.reason);
        }),
      );
  });
  const { port } = await listen(server);
  const leaving = new AbortController();
  const answering = fetch(`http://127.0.0.1:${port}/v1/embeddings`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ input: text }),
    signal: leaving.signal,
  });
  answering.catch(() => {});
  while (server.encoder.requests.length === 0) await new Promise((resolve) => setImmediate(resolve));
  leaving.abort();
  await aborted;
});

test('tokens are counted, and parameters that are ignored are listed', async () => {
  const { embed, metrics } = start({ unknownParams: 'ignore' });
  const answer = await embed({ colour: 'red' });
  expect(answer.headers['x-octavo-ignored-params']).toBe('colour');
  expect(await metrics.registry.metrics()).toContain(`octavo_prompt_tokens_total{model="${fakeEmbedder.id}"} 4\n`);
});
