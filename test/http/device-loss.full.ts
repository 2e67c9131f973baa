/** A server whose GPU is lost for good: every request is answered, and the process ends with the status that asks for another. */
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { buildModel } from '#octavo/models/build/build.js';
import { conciergeWeights } from '../support/concierge.js';
import { temporaryFolder } from '../support/folders.js';
import { startServerWith } from '../support/server-process.js';
import { useSoftwareGpu } from '../support/software-gpu.js';

useSoftwareGpu();
const hook = new URL('../support/lose-gpu-on-signal.mjs', import.meta.url).href;

it('answers 503 device_lost and exits with 75', async () => {
  const folder = join(temporaryFolder(), 'fp32');
  await buildModel({ source: conciergeWeights, out: folder, precision: 'fp32' });
  const args = ['--model', folder, '--device', 'webgpu', '--rows', '2', '--context', '64', '--moderator', 'off'];
  const server = await startServerWith(['--import', hook], args);
  const exited = once(server.process, 'exit');
  const complete = () =>
    fetch(`${server.url}/v1/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ prompt: 'a table', max_tokens: 2, temperature: 0 }),
    });
  expect((await complete()).status).toBe(200);
  server.process.kill('SIGWINCH');
  const answer = await complete();
  expect(answer.status).toBe(503);
  expect(await answer.json()).toMatchObject({ error: { type: 'server_error', code: 'device_lost' } });
  expect((await exited)[0]).toBe(75);
  expect(server.output()).toContain('was lost and cannot be opened again; another process may have it');
}, 300_000);
