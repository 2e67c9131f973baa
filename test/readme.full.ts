/** The examples of the README and of docs/api.md, run as they are written, against a server on another port. */
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { embeddedModel } from '#octavo/engine-options.js';
import { codeBlocks, page } from './support/pages.js';
import { type ServerProcess, startServer } from './support/server-process.js';
import { buildTinyEncoder } from './support/tiny-encoder.js';

const written = 'http://127.0.0.1:8080';
const readme = page('README.md');
const api = page('docs/api.md');
const curl = [readme, api].flatMap((one) => codeBlocks(one, 'sh')).filter((code) => code.startsWith('curl '));
const python = codeBlocks(readme, 'python');
const node = [...codeBlocks(readme, 'js'), ...codeBlocks(api, 'ts')];

let server: ServerProcess;

beforeAll(async () => {
  // The embedded model first, and something of each other kind that an example asks for.
  const encoders = [
    await buildTinyEncoder({ task: 'embed', name: 'minilm' }),
    await buildTinyEncoder({ task: 'classify', labels: ['praise', 'complaint'] }),
  ];
  server = await startServer('--model', [embeddedModel, ...encoders].join());
});

afterAll(async () => {
  expect(await server.stop()).toBe(0);
});

it.each([
  ['curl', curl],
  ['python', python],
  ['node', node],
])('finds the examples of %s', (_, examples) => {
  expect(examples).not.toEqual([]);
});

it('says at start what the README shows', () => {
  // Of the first model: the embedded one.
  for (const line of ['keys', 'model', 'runtime']) {
    const shown = server.output().match(new RegExp(`^ {2}${line} .*$`, 'm'))?.[0];
    expect(shown).toBeDefined();
    expect(readme.text).toContain(shown);
  }
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
