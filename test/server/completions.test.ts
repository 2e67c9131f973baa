/** `POST /v1/completions`: shapes, prompts of every kind, lengths, sampling, safety. */
import { expect, test } from 'vitest';
import { OctavoError } from '#octavo/errors.js';
import { fakeModel } from '../support/fake-model.js';
import { fakeServer, readEvents } from '../support/fake-server.js';

test('answers in the shape of OpenAI', async () => {
  const server = fakeServer();
  const answer = await server.complete({});
  expect(answer.statusCode).toBe(200);
  expect(answer.json()).toEqual({
    id: expect.stringMatching(/^cmpl-[0-9a-f]{32}$/),
    object: 'text_completion',
    created: expect.any(Number),
    model: 'fake',
    system_fingerprint: expect.stringMatching(/^fp_[0-9a-f]{10}$/),
    choices: [{ index: 0, text: 'Hello world', logprobs: null, finish_reason: 'stop' }],
    usage: { prompt_tokens: 2, completion_tokens: 3, total_tokens: 5, prompt_tokens_details: { cached_tokens: 0 } },
  });
});

test('takes a prompt as text, texts, token ids and lists of token ids', async () => {
  const server = fakeServer();
  await server.complete({ prompt: 'AB' });
  await server.complete({ prompt: ['A', 'B'] });
  await server.complete({ prompt: [65, 66] });
  await server.complete({ prompt: [[65], [66, 67]] });
  const prompts = server.generator.requests.map((request) => request.prompt);
  expect(prompts).toEqual([[65, 66], [65], [66], [65, 66], [65], [66, 67]]);
});

test('numbers choices prompt by prompt, counts a prompt once, and adds the choice to the seed', async () => {
  const server = fakeServer();
  server.generator.script = (_request, index) => [`choice ${index}`];
  const answer = (await server.complete({ prompt: ['A', 'BB'], n: 2, seed: 2 ** 32 - 1 })).json();
  expect(answer.choices.map((choice: { text: string }) => choice.text)).toEqual([
    'choice 0',
    'choice 1',
    'choice 2',
    'choice 3',
  ]);
  expect(answer.usage).toMatchObject({ prompt_tokens: 3, completion_tokens: 4 });
  expect(server.generator.requests.map((request) => request.sampling.seed)).toEqual([2 ** 32 - 1, 0, 2 ** 32 - 1, 0]);
});

test('passes sampling on, the request before the model before OpenAI', async () => {
  const model = { ...fakeModel, defaults: { temperature: 0.7, topK: 40 } };
  const server = fakeServer();
  const tuned = fakeServer({ models: [{ kind: 'decoder', model, generator: server.generator }] });
  await server.complete({});
  await tuned.complete({});
  await tuned.complete({
    temperature: 0,
    top_k: -1,
    top_p: 0.5,
    min_p: 0.1,
    presence_penalty: 1,
    frequency_penalty: -1,
    repetition_penalty: 1.5,
    logit_bias: { 65: -100 },
    seed: 5,
    stop: 'x',
    stop_token_ids: [9],
    min_tokens: 2,
    prompt_lookup_num_tokens: 6,
    ignore_eos: true,
    max_tokens: 3,
  });
  const [plain, defaults, full] = server.generator.requests;
  expect(plain?.sampling).toMatchObject({ temperature: 1, topP: 1, topK: 0, stopTokens: [0], minTokens: 0 });
  expect(plain).toMatchObject({ maxTokens: 16, stopStrings: [] });
  expect(defaults?.sampling).toMatchObject({ temperature: 0.7, topP: 1, topK: 40 });
  expect(plain).not.toHaveProperty('draftTokens');
  expect(full).toMatchObject({ maxTokens: 3, stopStrings: ['x'], draftTokens: 6 });
  expect(full?.sampling).toEqual({
    temperature: 0,
    topK: 0,
    topP: 0.5,
    minP: 0.1,
    presencePenalty: 1,
    frequencyPenalty: -1,
    repetitionPenalty: 1.5,
    logitBias: [[65, -100]],
    seed: 5,
    stopTokens: [9],
    minTokens: 2,
  });
});

test.each([
  { what: 'one token more than fits', body: { prompt: 'x'.repeat(85), max_tokens: 16 }, numbers: ['85', '16'] },
  { what: 'a prompt that fills the context', body: { prompt: 'x'.repeat(100) }, numbers: ['100'] },
  { what: 'a prompt longer than the context', body: { prompt: 'x'.repeat(101) }, numbers: ['101'] },
  { what: 'a text that cannot fit', body: { prompt: 'x'.repeat(1000) }, numbers: ['400 characters', '1000'] },
  { what: 'token ids beyond the context', body: { prompt: new Array(101).fill(65) }, numbers: ['101'] },
])('refuses $what with both numbers', async ({ body, numbers }) => {
  const server = fakeServer();
  const answer = await server.complete(body);
  expect(answer.statusCode).toBe(400);
  const { error } = answer.json();
  expect(error).toMatchObject({ code: 'context_length_exceeded', param: 'prompt' });
  for (const number of ['100', ...numbers]) expect(error.message).toContain(number);
  expect(server.generator.requests).toEqual([]);
});

test('fits the default length into what is left of the context', async () => {
  const server = fakeServer();
  await server.complete({ prompt: 'x'.repeat(84), max_tokens: 16 });
  await server.complete({ prompt: 'x'.repeat(95) });
  expect(server.generator.requests.map((request) => request.maxTokens)).toEqual([16, 5]);
});

test('refuses an empty prompt', async () => {
  const server = fakeServer();
  expect((await server.complete({ prompt: '' })).json().error).toMatchObject({
    code: 'invalid_value',
    param: 'prompt',
  });
  expect((await server.complete({ prompt: ['a', ''] })).statusCode).toBe(400);
});

test('submits all choices or none', async () => {
  const server = fakeServer();
  server.generator.script = null;
  server.generator.failure = { at: 2, error: new OctavoError('queue_full', 'The queue is full.') };
  const answer = await server.complete({ prompt: ['A', 'B'], n: 2, stream: true });
  expect(answer.statusCode).toBe(429);
  expect(answer.headers['retry-after']).toBe('7');
  expect(answer.headers['x-should-retry']).toBeUndefined();
  expect(server.generator.generations.map((generation) => generation.finish)).toEqual(['cancelled', 'cancelled']);
});

test('blocks a prompt and redacts what the model sees, in text and in token ids', async () => {
  const server = fakeServer();
  const codes = (text: string) => [...text].map((character) => character.charCodeAt(0));
  for (const prompt of ['a FORBIDDEN b', codes('FORBIDDEN')]) {
    const blocked = await server.complete({ prompt });
    expect(blocked.statusCode).toBe(400);
    expect(blocked.json().error).toMatchObject({ code: 'content_filter', param: 'prompt' });
  }
  await server.complete({ prompt: 'my SECRET' });
  await server.complete({ prompt: codes('my SECRET') });
  expect(server.generator.requests.map((request) => request.prompt)).toEqual([
    codes('my [redacted]'),
    codes('my [redacted]'),
  ]);
});

test('ends a choice at a blocked output, frees it, and lets the others go on', async () => {
  const server = fakeServer();
  server.generator.script = (_request, index) => (index === 0 ? ['so FOR', 'BIDDEN ', 'more'] : ['a SEC', 'RET.']);
  const whole = (await server.complete({ n: 2 })).json();
  expect(whole.choices).toEqual([
    { index: 0, text: 'so ', logprobs: null, finish_reason: 'content_filter' },
    { index: 1, text: 'a [redacted].', logprobs: null, finish_reason: 'stop' },
  ]);
  expect(await server.metrics.registry.metrics()).toContain(
    'octavo_safety_findings_total{direction="output",category="test",action="block"} 1',
  );
});

test('frees a blocked sequence at once', async () => {
  const server = fakeServer();
  server.generator.script = null;
  const answering = server.complete({ n: 2, max_tokens: 50 });
  const [first, second] = await server.generator.submitted(2);
  first?.say('FORBIDDEN ');
  expect(await first?.ended).toBe('cancelled');
  expect(second?.finish).toBe(null);
  second?.tell(['done'], 'length');
  expect((await answering).json().choices.map((choice: { finish_reason: string }) => choice.finish_reason)).toEqual([
    'content_filter',
    'length',
  ]);
});

test('tells the timings when the operator wants them', async () => {
  const server = fakeServer({ timings: true });
  const timings = { queue_ms: 1, prefill_ms: 2, decode_ms: 3 };
  expect((await server.complete({})).json().timings).toEqual(timings);
  const chunks = readEvents((await server.complete({ stream: true, n: 2 })).body);
  expect(chunks.filter((chunk) => chunk.timings).map((chunk) => chunk.timings)).toEqual([timings]);
});

test('echoes the tier that served a request that names one', async () => {
  const server = fakeServer();
  expect((await server.complete({ service_tier: 'auto' })).json().service_tier).toBe('default');
});

test('a full queue refuses before the prompt is read', async () => {
  const server = fakeServer();
  server.generator.refusal = new OctavoError('queue_full', 'The queue is full.');
  const answer = await server.complete({ prompt: 'x'.repeat(5000) });
  expect(answer.statusCode).toBe(429);
  expect(answer.headers['retry-after']).toBe('7');
  expect(answer.json().error.code).toBe('queue_full');
});
