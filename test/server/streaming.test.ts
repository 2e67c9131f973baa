/** Streams: the same text as the whole answer, one terminal event, errors as events, silence, slow readers. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { OctavoError } from '#octavo/errors.js';
import { fakeServer, listen, readEvents } from '../support/fake-server.js';

test('streams completions: chunks, usage last, DONE once', async () => {
  const server = fakeServer();
  const answer = await server.complete({ stream: true, stream_options: { include_usage: true } });
  expect(answer.headers).toMatchObject({
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache',
    'x-accel-buffering': 'no',
    'openai-processing-ms': expect.any(String),
    'x-request-id': expect.any(String),
  });
  const events = readEvents(answer.body);
  expect(events.pop()).toBe('[DONE]');
  expect(events).not.toContain('[DONE]');
  expect(events.pop()).toMatchObject({
    choices: [],
    usage: { prompt_tokens: 2, completion_tokens: 3, total_tokens: 5 },
  });
  expect(events.map((event) => event.usage)).toEqual(events.map(() => null));
  expect(new Set(events.map((event) => event.id)).size).toBe(1);
  expect(events.map((event) => event.choices)).toEqual([
    [{ index: 0, text: 'Hello ', logprobs: null, finish_reason: null }],
    [{ index: 0, text: 'world', logprobs: null, finish_reason: 'stop' }],
  ]);
});

test('streams chats: a role for each choice first, then text, then a finish reason', async () => {
  const server = fakeServer();
  server.generator.script = () => ['all '];
  const events = readEvents((await server.chat({ stream: true, n: 2 })).body);
  expect(events.pop()).toBe('[DONE]');
  expect(events.every((event) => event.object === 'chat.completion.chunk' && !('usage' in event))).toBe(true);
  const choices = events.map((event) => event.choices[0]);
  expect(choices.slice(0, 2).map((choice) => [choice.index, choice.delta])).toEqual([
    [0, { role: 'assistant', content: '' }],
    [1, { role: 'assistant', content: '' }],
  ]);
  for (const index of [0, 1]) {
    const own = choices.slice(2).filter((choice) => choice.index === index);
    expect(own.map((choice) => [choice.delta, choice.finish_reason])).toEqual([
      [{ content: 'all ' }, null],
      [{}, 'stop'],
    ]);
  }
});

test.each([1, 3])('the official client reads the same text streamed and whole (n = %i)', async (n) => {
  const server = fakeServer();
  server.generator.script = (_request, index) => ['Grüße ', '👩‍🔬', ' an', ` ${index % n}`, ' SECRET', ' und alle '];
  const { client } = await listen(server);
  const request = { model: 'fake', messages: [{ role: 'user' as const, content: 'Hi' }], n };
  const whole = await client.chat.completions.create(request);
  const texts = new Array<string>(n).fill('');
  const finishes: string[] = [];
  for await (const chunk of await client.chat.completions.create({ ...request, stream: true })) {
    for (const choice of chunk.choices) {
      texts[choice.index] += choice.delta.content ?? '';
      if (choice.finish_reason) finishes.push(choice.finish_reason);
    }
  }
  expect(texts).toEqual(whole.choices.map((choice) => choice.message.content));
  expect(finishes).toEqual(new Array(n).fill('stop'));
});

test('interleaves choices as they come', async () => {
  const server = fakeServer();
  server.generator.script = null;
  const { client } = await listen(server);
  const stream = await client.completions.create({ model: 'fake', prompt: ['A', 'B'], max_tokens: 9, stream: true });
  const [first, second] = await server.generator.submitted(2);
  const reader = stream[Symbol.asyncIterator]();
  const read = async () => (await reader.next()).value?.choices[0];
  second?.say('b1 ');
  expect(await read()).toMatchObject({ index: 1, text: 'b1 ' });
  first?.say('a1 ');
  expect(await read()).toMatchObject({ index: 0, text: 'a1 ' });
  second?.complete('length');
  expect(await read()).toMatchObject({ index: 1, text: '', finish_reason: 'length' });
  first?.complete('stop');
  expect(await read()).toMatchObject({ index: 0, finish_reason: 'stop' });
  expect((await reader.next()).done).toBe(true);
});

test('a failure in the middle is one error event without DONE, and frees the other choices', async () => {
  const server = fakeServer();
  server.generator.script = null;
  const answering = server.complete({ stream: true, n: 2 });
  const [first, second] = await server.generator.submitted(2);
  first?.say('some ');
  first?.fail(new OctavoError('engine_failed', 'The engine was lost.'));
  const answer = await answering;
  const events = readEvents(answer.body);
  expect(answer.statusCode).toBe(200);
  expect(events.map((event) => event.error ?? event.choices[0].text)).toEqual([
    'some ',
    { message: 'The engine was lost.', type: 'server_error', param: null, code: 'engine_failed' },
  ]);
  expect(await second?.ended).toBe('cancelled');
});

test('tells nothing of the inside when the failure is a bug', async () => {
  const server = fakeServer();
  server.generator.script = null;
  const answering = server.chat({ stream: true });
  const [generation] = await server.generator.submitted(1);
  generation?.fail(new TypeError('cannot read /srv/secret of undefined'));
  const answer = await answering;
  expect(answer.body).not.toContain('secret');
  expect(readEvents(answer.body).at(-1).error).toMatchObject({
    code: 'internal_error',
    message: expect.stringContaining(String(answer.headers['x-request-id'])),
  });
});

test('a cancelled sequence whose caller is there is told that the server stops', async () => {
  const server = fakeServer();
  server.generator.finish = 'cancelled';
  const answer = await server.complete({});
  expect(answer.statusCode).toBe(503);
  expect(answer.json().error.code).toBe('draining');
});

test('comments keep a silent stream open, before the first token too', async () => {
  const server = fakeServer({ limits: { heartbeatMs: 1 } });
  server.generator.script = null;
  const { port } = await listen(server);
  const response = await fetch(`http://127.0.0.1:${port}/v1/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ prompt: 'x', stream: true }),
  });
  const reader = response.body?.getReader();
  const first = await reader?.read();
  expect(Buffer.from(first?.value ?? []).toString()).toMatch(/^(?:: waiting\n\n)+$/);
  server.generator.generations[0]?.tell(['ok'], 'stop');
  let text = '';
  for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
    text += Buffer.from(part.value).toString();
  }
  expect(text.replaceAll(': waiting\n\n', '')).toMatch(/^data: \{.*"text":"ok".*\}\n\ndata: \[DONE\]\n\n$/);
});

test('a reader who does not read holds back the sequence, and gets everything once it reads', async () => {
  const server = fakeServer();
  // 64 MiB: more than any socket buffer takes.
  const piece = `${'x'.repeat(1024 * 1024 - 1)} `;
  server.generator.script = () => new Array<string>(64).fill(piece);
  const { port } = await listen(server);
  const body = JSON.stringify({ prompt: 'x', stream: true });
  const socket = connect(port, '127.0.0.1');
  socket.write(`POST /v1/completions HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\n`);
  socket.write(`content-length: ${body.length}\r\n\r\n${body}`);
  const [generation] = await server.generator.submitted(1);
  // Unread, the server runs until its buffers are full; every turn of the loop gives it the chance to read on.
  for (let turn = 0; turn < 2000; turn++) await new Promise((resolve) => setImmediate(resolve));
  expect(generation?.reads).toBeGreaterThan(0);
  expect(generation?.reads).toBeLessThan(40);
  let bytes = 0;
  let tail = '';
  socket.on('data', (chunk) => {
    bytes += chunk.length;
    tail = (tail + chunk.toString('latin1')).slice(-100);
  });
  await once(socket, 'close');
  expect(bytes).toBeGreaterThan(64 * piece.length);
  expect(tail).toContain('data: [DONE]\n\n');
});
