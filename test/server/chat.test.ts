/** `POST /v1/chat/completions`: shapes, messages, lengths. */
import { expect, test } from 'vitest';
import { fakeModel } from '../support/fake-model.js';
import { fakeServer } from '../support/fake-server.js';

const decode = (ids: readonly number[] | undefined) => String.fromCharCode(...(ids ?? []));

test('answers in the shape of OpenAI', async () => {
  const server = fakeServer();
  const answer = await server.chat({});
  expect(answer.statusCode).toBe(200);
  expect(answer.json()).toEqual({
    id: expect.stringMatching(/^chatcmpl-[0-9a-f]{32}$/),
    object: 'chat.completion',
    created: expect.any(Number),
    model: 'fake',
    system_fingerprint: expect.any(String),
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: 'Hello world', refusal: null },
        logprobs: null,
        finish_reason: 'stop',
      },
    ],
    usage: { prompt_tokens: 8, completion_tokens: 3, total_tokens: 11, prompt_tokens_details: { cached_tokens: 0 } },
  });
});

test('renders every role and every form of text content', async () => {
  const server = fakeServer();
  await server.chat({
    messages: [
      { role: 'developer', content: 'D' },
      { role: 'system', content: 'S', name: 'n' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'a' },
          { type: 'text', text: 'b' },
        ],
      },
      { role: 'assistant', content: null, refusal: 'no', tool_calls: [], audio: null, function_call: null },
      { role: 'tool', content: 'T', tool_call_id: 'call_1' },
    ],
  });
  expect(decode(server.generator.requests[0]?.prompt)).toBe('<system>D<system>S<user>a\nb<assistant>no<tool>T');
});

test('fills the rest of the context by default and takes either name of the limit', async () => {
  const server = fakeServer();
  await server.chat({});
  await server.chat({ max_tokens: 5 });
  await server.chat({ max_completion_tokens: 6 });
  await server.chat({ max_tokens: 7, max_completion_tokens: 7 });
  expect(server.generator.requests.map((request) => request.maxTokens)).toEqual([92, 5, 6, 7]);
  const disagree = await server.chat({ max_tokens: 7, max_completion_tokens: 8 });
  expect(disagree.json().error).toMatchObject({ code: 'invalid_value', param: 'max_tokens' });
  const tooMany = await server.chat({ max_tokens: 93 });
  expect(tooMany.json().error).toMatchObject({ code: 'context_length_exceeded', param: 'messages' });
});

test('screens each message and names the one that is blocked', async () => {
  const server = fakeServer();
  const messages = (content: string) => [
    { role: 'system', content: 'ok' },
    { role: 'user', content },
  ];
  const blocked = await server.chat({ messages: messages('FORBIDDEN') });
  expect(blocked.json().error).toMatchObject({ code: 'content_filter', param: 'messages[1].content' });
  await server.chat({ messages: messages('SECRET') });
  expect(decode(server.generator.requests[0]?.prompt)).toBe('<system>ok<user>[redacted]');
  // A template may print names too.
  const named = await server.chat({ messages: [{ role: 'user', name: 'FORBIDDEN', content: 'ok' }] });
  expect(named.json().error).toMatchObject({ code: 'content_filter', param: 'messages[0].name' });
});

test('sends models without a chat template to completions', async () => {
  const server = fakeServer();
  const base = fakeServer({
    models: [{ kind: 'decoder', model: { ...fakeModel, chatTemplate: null }, generator: server.generator }],
  });
  const answer = await base.chat({});
  expect(answer.statusCode).toBe(400);
  expect(answer.json().error).toMatchObject({ code: 'invalid_value', param: 'model' });
});
