/** The server through OpenAI's Python client, from `.venv` (CONTRIBUTING.md says how it is made). */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ServerProcess, startServer } from '../support/server-process.js';

interface Seen {
  readonly models: readonly string[];
  readonly text: string;
  readonly finish: string;
  readonly deltas: readonly string[];
  readonly long: string;
  readonly pieces: readonly string[];
  readonly same_usage: boolean;
  readonly indices: readonly number[];
  readonly wrong: unknown;
  readonly missing: unknown;
}

const script = fileURLToPath(new URL('./openai-client.py', import.meta.url));
let server: ServerProcess;
let seen: Seen;

beforeAll(async () => {
  server = await startServer();
  const { stdout } = await promisify(execFile)('.venv/bin/python', [script, `${server.url}/v1`]);
  seen = JSON.parse(stdout) as Seen;
});

afterAll(async () => {
  expect(await server.stop()).toBe(0);
});

it('lists the model', () => {
  expect(seen.models).toEqual(['concierge']);
});

it('streams a chat in deltas that join to the whole answer', () => {
  expect(seen).toMatchObject({ text: 'What time do you want to book?', finish: 'stop', same_usage: true });
  expect(seen.deltas.join('')).toBe(seen.text);
});

it('streams a longer text in several pieces', () => {
  expect(seen.pieces.filter((piece) => piece !== '').length).toBeGreaterThan(1);
  expect(seen.pieces.join('')).toBe(seen.long);
});

it('completes several prompts with several choices', () => {
  expect(seen.indices).toEqual([0, 1, 2, 3]);
});

it('raises the exceptions that OpenAI raises', () => {
  expect(seen.wrong).toEqual({ status: 400, code: 'invalid_value', param: 'temperature' });
  expect(seen.missing).toEqual({ status: 404, code: 'model_not_found', param: 'model' });
});
