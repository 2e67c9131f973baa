/** Every field of both bodies with values that are wrong: 400 in OpenAI's shape that names the field, never more. */
import { expect, test } from 'vitest';
import { z } from 'zod';
import { defaultLimits } from '#octavo/server/limits.js';
import { boundedArray } from '#octavo/server/schema/bounded.js';
import { chatSchema } from '#octavo/server/schema/chat-schema.js';
import { completionSchema } from '#octavo/server/schema/completion-schema.js';
import { fakeServer } from '../support/fake-server.js';

// As JSON text, because JSON.stringify cannot write all of them.
const absurd = [
  'true',
  '-1e999',
  '1e999',
  '1e308',
  '-1e308',
  '9007199254740993.5e300',
  '0.5',
  '-7',
  '""',
  `"${'x'.repeat(5000)}"`,
  '"\\u0000\\ud800"',
  '[]',
  '[[]]',
  '[null]',
  '[true, 1, "x"]',
  `[${new Array(5000).fill('{}').join(',')}]`,
  '{}',
  '{"constructor": 1, "toString": 2}',
  '{"__proto__": {"polluted": true}}',
];

/** Of the library that validates: no caller is to know it. */
const zodWords =
  /Too (?:big|small)|Invalid (?!value for)|received|expected (?:string|number|int|boolean|array|object|record)\b|pattern/;

const legal: Readonly<Record<string, RegExp>> = {
  // Values above that a field may have.
  prompt: /^"x{5000}"$|^"\\u/,
  stream: /^true$/,
  store: /^true$/,
  ignore_eos: /^true$/,
  content_filter_results: /^true$/,
  temperature: /^0\.5$/,
  top_p: /^0\.5$/,
  min_p: /^0\.5$/,
  presence_penalty: /^0\.5$/,
  frequency_penalty: /^0\.5$/,
  repetition_penalty: /^0\.5$/,
  seed: /^-7$/,
  stop: /^\[\]$|^"\\u/,
  stop_token_ids: /^\[\]$/,
  stream_options: /^\{\}$/,
  logit_bias: /^\{\}$/,
  metadata: /^\{\}$/,
  user: /^""$|^"\\u/,
  safety_identifier: /^""$|^"\\u/,
  prompt_cache_key: /^""$|^"\\u/,
};

const endpoints = [
  { url: '/v1/completions', schema: completionSchema(defaultLimits), required: '"prompt":"Hi"' },
  {
    url: '/v1/chat/completions',
    schema: chatSchema(defaultLimits),
    required: '"messages":[{"role":"user","content":"Hi"}]',
  },
];

for (const { url, schema, required } of endpoints) {
  test.each(Object.keys(schema.shape))(`${url}: %s with absurd values`, async (field) => {
    const server = fakeServer();
    for (const value of absurd) {
      const rest = required.startsWith(`"${field}"`) ? '' : `${required},`;
      // Stream options need a stream to get as far as their own check.
      const stream = field === 'stream_options' ? '"stream":true,' : '';
      const answer = await server.post(url, `{${rest}${stream}"${field}":${value}}`);
      const what = `${field} = ${value.slice(0, 60)}: ${answer.body.slice(0, 200)}`;
      if (legal[field]?.test(value)) {
        // Legal by its type, though perhaps too long for the context, or an unpaired surrogate.
        expect([200, 400], what).toContain(answer.statusCode);
        continue;
      }
      // A model's name may be anything; there is none of these names.
      const status = field === 'model' && answer.json().error.code === 'model_not_found' ? 404 : 400;
      expect(answer.statusCode, what).toBe(status);
      const { error } = answer.json();
      expect(error, what).toMatchObject({
        type: expect.any(String),
        message: expect.any(String),
        code: expect.any(String),
      });
      if (error.code !== 'invalid_json') expect(error.param, what).toContain(field);
      expect(error.message, what).not.toMatch(zodWords);
    }
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  test.each(Object.keys(schema.shape))(`${url}: %s is absent when null`, async (field) => {
    const server = fakeServer();
    const isRequired = required.startsWith(`"${field}"`);
    const answer = await server.post(url, isRequired ? `{"${field}":null}` : `{${required},"${field}":null}`);
    expect(answer.statusCode).toBe(isRequired ? 400 : 200);
    if (isRequired) expect(answer.json().error.message).toBe(`Missing required parameter: '${field}'.`);
  });
}

test.each([
  ['temperature', 0, 2, [-0.001, 2.001]],
  ['top_p', 0.001, 1, [0, 1.001]],
  ['top_k', -1, 1000, [-2, 1.5]],
  ['min_p', 0, 1, [-0.1, 1.1]],
  ['presence_penalty', -2, 2, [-2.1, 2.1]],
  ['frequency_penalty', -2, 2, [-2.1, 2.1]],
  ['repetition_penalty', 0.1, 2, [0, 2.1]],
  ['n', 1, 8, [0, 9, 1.5, 1e6]],
  ['max_tokens', 1, 98, [0, -1, 1.5]],
  ['min_tokens', 0, 16, [-1, 17]],
  ['prompt_lookup_num_tokens', 0, 32, [-1, 33, 1.5]],
  ['seed', -(2 ** 63), 2 ** 63, [1.5, 2 ** 65]],
])('%s may be %d to %d', async (field, least, most, wrong) => {
  const server = fakeServer();
  for (const value of [least, most]) expect((await server.complete({ [field]: value })).statusCode).toBe(200);
  for (const value of wrong) {
    const answer = await server.complete({ [field]: value });
    expect(answer.statusCode).toBe(400);
    expect(answer.json().error.param).toBe(field);
  }
});

const nested: readonly [string, object, string, RegExp][] = [
  ['a fifth stop string', { stop: ['a', 'b', 'c', 'd', 'e'] }, 'stop', /at most 4/],
  ['a long stop string', { stop: ['a', 'x'.repeat(65)] }, 'stop[1]', /64/],
  ['an empty stop string', { stop: '' }, 'stop', /1 character/],
  ['a token id that does not exist', { stop_token_ids: [1, 256] }, 'stop_token_ids[1]', /below 256/],
  ['a bias for a token that does not exist', { logit_bias: { 256: 1 } }, 'logit_bias.256', /below 256/],
  ['a bias for no token', { logit_bias: { '01': 1 } }, 'logit_bias.01', /token ids/],
  ['too strong a bias', { logit_bias: { 1: 101 } }, 'logit_bias.1', /100/],
  [
    'too many biases',
    { logit_bias: Object.fromEntries(Array.from({ length: 1025 }, (_, id) => [id, 1])) },
    'logit_bias',
    /at most 1024/,
  ],
  ['a prompt id that does not exist', { prompt: [1, 256] }, 'prompt', /256/],
  ['a negative prompt id', { prompt: [[1], [2, -1]] }, 'prompt[1][1]', /at least 0/],
  ['mixed prompts', { prompt: ['a', 1] }, 'prompt[1]', /string/],
  ['65 prompts', { prompt: new Array(65).fill('a') }, 'prompt', /at most 64/],
  [
    'stream options without a stream',
    { stream_options: { include_usage: true } },
    'stream_options',
    /'stream' is true/,
  ],
  ['more minimum than maximum', { min_tokens: 5, max_tokens: 4 }, 'min_tokens', /5.*4/],
  ['an unknown stream option', { stream: true, stream_options: { color: 1 } }, 'stream_options.color', /Unknown/],
];

test.each(nested)('refuses %s', async (_what, body, param, message) => {
  const answer = await fakeServer().complete(body);
  expect(answer.statusCode).toBe(400);
  expect(answer.json().error).toMatchObject({ param, message: expect.stringMatching(message) });
});

const user = (content: unknown) => ({ role: 'user', content });
const wrongMessages: readonly [string, unknown, string, RegExp][] = [
  [
    'an image',
    [user([{ type: 'image_url', image_url: { url: 'http://x' } }])],
    'messages[0].content[0].type',
    /image_url/,
  ],
  ['an unknown role', [{ role: 'wizard', content: 'x' }], 'messages[0].role', /system/],
  ['content of another type', [user('a'), user(7)], 'messages[1].content', /string/],
  ['no content', [{ role: 'user' }], 'messages[0].content', /Missing required/],
  ['content that is null', [user(null)], 'messages[0].content', /only a message of the assistant/],
  ['a part without text', [user([{ type: 'text' }])], 'messages[0].content[0].text', /Missing/],
  ['tool calls', [{ role: 'assistant', tool_calls: [{ id: 'x' }] }], 'messages[0].tool_calls', /not supported/],
  ['an unknown field', [{ role: 'user', content: 'x', color: 1 }], 'messages[0].color', /Unknown/],
  ['no messages', [], 'messages', /at least 1/],
];

test.each(wrongMessages)('refuses %s in messages', async (_what, messages, param, message) => {
  const answer = await fakeServer().chat({ messages });
  expect(answer.statusCode).toBe(400);
  expect(answer.json().error).toMatchObject({ param, message: expect.stringMatching(message) });
});

const off: Readonly<Record<string, readonly [off: unknown, on: unknown]>> = {
  echo: [false, true],
  best_of: [1, 2],
  suffix: ['', 'x'],
  logprobs: [false, 5],
  top_logprobs: [0, 5],
  response_format: [{ type: 'text' }, { type: 'json_object' }],
  tools: [[], [{ type: 'function' }]],
  tool_choice: ['none', 'auto'],
  parallel_tool_calls: [false, 'yes'],
  functions: [[], [{ name: 'f' }]],
  function_call: ['none', 'auto'],
  modalities: [['text'], ['text', 'audio']],
  typical_p: [1, 0.5],
  priority: [0, 1],
  add_generation_prompt: [true, false],
  chat_template_kwargs: [{}, { tokenize: true }],
  truncate_prompt_tokens: [null, 5],
};

test.each(Object.entries(off))('%s is accepted only when it is off', async (field, [offValue, onValue]) => {
  const server = fakeServer();
  for (const value of [null, offValue]) expect((await server.chat({ [field]: value })).statusCode).toBe(200);
  const refused = await server.chat({ [field]: onValue });
  expect(refused.statusCode).toBe(400);
  expect(refused.json().error).toMatchObject({ code: 'unsupported_parameter', param: field });
});

test.each([1, true])(
  'says of logprobs: %j that there are none, rather than that another value gives them',
  async (logprobs) => {
    const { error } = (await fakeServer().chat({ logprobs })).json();
    expect(error.message).toBe(
      "'logprobs' is not supported by this server (answers carry no log probabilities, whatever is asked for): leave it out, or send false.",
    );
  },
);

test('refuses unknown parameters by name, or lists them when told to ignore them', async () => {
  const body = {
    chat_template: '{{ x }}',
    'ev\r\nil': 1,
    stream: true,
    stream_options: { include_usage: true, color: 2 },
  };
  const refused = await fakeServer().complete(body);
  expect(refused.statusCode).toBe(400);
  expect(refused.json().error).toMatchObject({ code: 'unknown_parameter', type: 'invalid_request_error' });
  const ignoring = fakeServer({ unknownParams: 'ignore' });
  const answer = await ignoring.complete(body);
  expect(answer.statusCode).toBe(200);
  const names = String(answer.headers['x-octavo-ignored-params']).split(', ');
  expect(names.sort()).toEqual(['chat_template', 'ev%0D%0Ail', 'stream_options.color']);
  expect((await ignoring.complete({ color: 1, tools: [{}] })).json().error.code).toBe('unsupported_parameter');
  expect((await ignoring.complete({ color: 1, n: 0 })).json().error.param).toBe('n');
});

test('refuses more unknown parameters than any client sends, even when told to ignore them', async () => {
  const names = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, 1]));
  const ignoring = fakeServer({ unknownParams: 'ignore' });
  expect((await ignoring.complete(names(200))).statusCode).toBe(200);
  expect((await ignoring.complete(names(300))).json().error.code).toBe('invalid_value');
  const inMessage = await ignoring.chat({ messages: [{ role: 'user', content: 'x', ...names(300) }] });
  expect(inMessage.json().error.code).toBe('unknown_parameter');
});

test('an array is checked up to its first wrong element', () => {
  const texts = boundedArray(z.string(), { max: 1000 });
  expect(texts.safeParse(new Array(1000).fill(0)).error?.issues.map(({ path }) => path)).toEqual([[0]]);
  expect(texts.safeParse(new Array(1001).fill(0)).error?.issues.map(({ path }) => path)).toEqual([[]]);
  expect(texts.safeParse(['a', 'b']).data).toEqual(['a', 'b']);
});

test('names an unknown model and those there are', async () => {
  const answer = await fakeServer().complete({ model: 'gpt-4' });
  expect(answer.statusCode).toBe(404);
  expect(answer.json().error).toMatchObject({ code: 'model_not_found', param: 'model' });
  expect(answer.json().error.message).toContain("'fake'");
});

test.each(['null', '[]', '7', '"x"'])('refuses %s as a body', async (body) => {
  const answer = await fakeServer().post('/v1/completions', body);
  expect(answer.statusCode).toBe(400);
  expect(answer.json().error.code).toBe('invalid_value');
});
