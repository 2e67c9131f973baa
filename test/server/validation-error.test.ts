/** A refused value is described in words, never in the signs of the validation library. */
import { expect, test } from 'vitest';
import { z } from 'zod';
import { describeIssue } from '#octavo/issue-text.js';
import { describeFaults } from '#octavo/validation-issue.js';
import { fakeServer } from '../support/fake-server.js';

const user = (content: unknown) => ({ messages: [{ role: 'user', content }] });

test.each([
  [{ temperature: 3 }, "Invalid value for 'temperature': expected at most 2."],
  [{ temperature: 'hot' }, "Invalid value for 'temperature': expected a number, got a string."],
  [{ temperature: true }, "Invalid value for 'temperature': expected a number, got a boolean."],
  [{ top_p: 0 }, "Invalid value for 'top_p': expected more than 0."],
  [{ n: 0 }, "Invalid value for 'n': expected at least 1."],
  [{ n: 1.5 }, "Invalid value for 'n': expected a whole number."],
  [{ stream: 'yes' }, "Invalid value for 'stream': expected true or false, got a string."],
  [{ model: '' }, "Invalid value for 'model': expected at least 1 character."],
  [{ model: 'm'.repeat(257) }, "Invalid value for 'model': expected at most 256 characters."],
  [{ n: 1e300 }, "Invalid value for 'n': expected a whole number between -2^53 and 2^53."],
  [{ seed: 1e300 }, "Invalid value for 'seed': expected a whole number of 64 bits."],
  [{ seed: 0.5 }, "Invalid value for 'seed': expected a whole number of 64 bits."],
  [
    { stop: ['a', 'b', 'c', 'd', 'e'] },
    "Invalid value for 'stop': expected a string of 1 to 64 characters, or at most 4 of them.",
  ],
  [{ stop: 1 }, "Invalid value for 'stop': expected a string of 1 to 64 characters, or at most 4 of them."],
  [{ messages: [] }, "Invalid value for 'messages': expected at least 1 entry."],
  [{ logit_bias: [] }, "Invalid value for 'logit_bias': expected an object, got an array."],
  [{ stream: true, stream_options: 1 }, "Invalid value for 'stream_options': expected an object, got a number."],
  [user(7), "Invalid value for 'messages[0].content': expected a string or an array, got a number."],
  [
    { messages: [{ role: 'wizard', content: 'x' }] },
    "Invalid value for 'messages[0].role': expected one of 'system', 'developer', 'user', 'assistant', 'tool'.",
  ],
  [{ messages: 'hello' }, "Invalid value for 'messages': expected an array."],
  [{ messages: ['hello'] }, "Invalid value for 'messages[0]': expected an object, got a string."],
])('%j', async (body, message) => {
  const answer = await fakeServer().chat({ ...user('x'), ...body });
  expect(answer.statusCode).toBe(400);
  expect(answer.json().error.message).toBe(message);
});

test.each([
  [z.number().lt(3), 5, 'expected less than 3'],
  [z.int(), -1e300, 'expected a whole number between -2^53 and 2^53'],
  [z.array(z.string()).max(1), ['a', 'b'], 'expected at most 1 entry'],
  [z.literal('text'), 'image', "expected 'text'"],
  [z.number('a number of pages'), 'x', 'a number of pages'],
  [z.object({ id: z.string() }), {}, 'it is missing; expected a string'],
  [z.strictObject({}), { a: 1, b: 2 }, 'unknown keys "a", "b"'],
  [z.string().regex(/^a/), 'b', 'must match pattern /^a/'],
])('%#: what the schema expects of a value', (schema, value, text) => {
  const issue = schema.safeParse(value).error?.issues[0];
  expect(issue && describeIssue(issue)).toBe(text);
});

test('all that is wrong with a file, on one line', () => {
  const schema = z.object({ version: z.literal(1), labels: z.record(z.string(), z.array(z.string())) });
  const { error } = schema.safeParse({ version: 2, labels: { toxic: 'hate', rude: [5] } });
  expect(error && describeFaults(error)).toBe(
    'version: expected 1; labels.toxic: expected an array, got a string; labels.rude[0]: expected a string, got a number',
  );
  const many = z.array(z.string()).safeParse(new Array(1000).fill(1)).error;
  expect(many && describeFaults(many)).toMatch(/^\[0\]: expected a string, got a number; .*; and 990 more$/);
});
