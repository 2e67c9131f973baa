/** Work in a process of its own: what it says, fails with, and prints. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import { askProcess } from '#octavo/models/own-process.js';
import { temporaryFolder } from '../support/folders.js';

const folder = temporaryFolder();

function ask(body: string): Promise<unknown> {
  const file = join(folder, 'work.mjs');
  writeFileSync(file, body);
  return askProcess(pathToFileURL(file), ['four'], 'tries things');
}

it('hands its answer on, and keeps what its libraries print', async () => {
  const noisy = 'console.error("Warning: no drivers"); process.send({ value: process.argv[2] });';
  expect(await ask(noisy)).toBe('four');
});

it('fails with the error that it answers with', async () => {
  await expect(ask('process.send({ code: "runtime_unavailable", message: "None." });')).rejects.toMatchObject({
    ...{ code: 'runtime_unavailable', message: 'None.' },
  });
});

it.each([
  ['process.exit(7)', '7'],
  ['process.kill(process.pid, "SIGKILL"); setInterval(() => {}, 1000)', 'SIGKILL'],
])('tells what it printed when it ends without one: %s', async (end, how) => {
  await expect(ask(`console.error('no drivers'); ${end};`)).rejects.toMatchObject({
    ...{ code: 'engine_failed', message: `The process that tries things ended (${how}). no drivers` },
  });
});
