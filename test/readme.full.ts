/** The examples of the README and of docs/api.md, run as they are written, against a server on another port. */
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { codeBlocks, page } from './support/pages.js';
import { type ServerProcess, startServer } from './support/server-process.js';

const written = 'http://127.0.0.1:8080';
const readme = page('README.md');
const api = page('docs/api.md');
const curl = [readme, api].flatMap((one) => codeBlocks(one, 'sh')).filter((code) => code.startsWith('curl '));
const python = codeBlocks(readme, 'python');
const node = [...codeBlocks(readme, 'js'), ...codeBlocks(api, 'ts')];

let server: ServerProcess;

beforeAll(async () => {
  server = await startServer();
});

afterAll(async () => {
  expect(await server.stop()).toBe(0);
});

it('finds the examples', () => {
  expect([curl.length, python.length, node.length]).toEqual([2, 1, 2]);
});

it('says at start what the README shows', () => {
  const shown = server.output().match(/^ {2}(model|runtime) .*$/gm) ?? [];
  expect(shown.length).toBe(2);
  for (const line of shown) expect(readme.text).toContain(line);
});

describe.each([
  { language: 'curl', examples: curl, command: ['bash', '-eo', 'pipefail'] },
  { language: 'python', examples: python, command: ['.venv/bin/python', '-'] },
  { language: 'node', examples: node, command: [process.execPath, '--input-type=module'] },
])('$language', ({ examples, command }) => {
  it.each(examples.map((code, index) => ({ index, code })))('example $index answers', async ({ code }) => {
    const output = await run(command, code.replaceAll(written, server.url));
    expect(output).not.toContain('"error"');
    expect(output).not.toBe('');
    // What the README promises; the other examples are not greedy.
    if (readme.text.includes(code)) expect(output).toContain('What time do you want to book?');
  });
});

/** Standard output of a command that reads its program from standard input and must succeed. */
async function run([file = '', ...args]: readonly string[], program: string): Promise<string> {
  const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  child.stdin.end(program);
  const output = await text(child.stdout);
  expect(await exited).toBe(0);
  return output;
}
