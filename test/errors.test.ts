/** The error table is one that HTTP and OpenAI's clients understand, and errors carry what a caller needs. */
import { describe, expect, test } from 'vitest';
import { type ErrorCode, errorTable, invariant, OctavoError } from '#octavo/errors.js';

/** The type that OpenAI's clients expect with a status. */
const types: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  403: 'permission_error',
  404: 'invalid_request_error',
  405: 'invalid_request_error',
  413: 'invalid_request_error',
  415: 'invalid_request_error',
  429: 'rate_limit_error',
  500: 'server_error',
  503: 'server_error',
  504: 'server_error',
};

describe.each(Object.entries(errorTable))('%s', (code, { status, type }) => {
  test('is in snake case, with a status and the type that belongs to it', () => {
    expect(code).toMatch(/^[a-z]+(?:_[a-z]+)*$/);
    expect(type).toBe(types[status]);
  });
});

test('an error carries its code, its message, the field at fault and its cause', () => {
  const cause = new Error('below');
  const error = new OctavoError('invalid_value', 'It must be small.', 'size', { cause });
  expect(error).toBeInstanceOf(Error);
  expect(error).toMatchObject({ name: 'OctavoError', code: 'invalid_value', param: 'size', cause });
  expect(`${error}`).toBe('OctavoError: It must be small.');
  expect(new OctavoError('draining' satisfies ErrorCode, 'Later.').param).toBeNull();
});

test('a broken invariant says the sentence that does not hold, and is no failure of a user', () => {
  expect(() => invariant(1 + 1 === 2, 'sums are right')).not.toThrow();
  expect(() => invariant(0, 'rows are free')).toThrow('Invariant broken: rows are free');
  try {
    invariant(false, 'x');
  } catch (error) {
    expect(error).not.toBeInstanceOf(OctavoError);
  }
});
