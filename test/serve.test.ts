/** The server as it is put together: what it is ready with, what it refuses, and what a failed start leaves behind. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Config, readConfig } from '#octavo/config.js';
import { serve } from '#octavo/serve.js';
import { temporaryFolder } from './support/folders.js';
import { buildTinyEncoder } from './support/tiny-encoder.js';

const folder = await buildTinyEncoder({ task: 'embed' });
const moderator = await buildTinyEncoder({ task: 'classify', labels: ['hate', 'fine'], scores: 'sigmoid' });

async function start(settings: Partial<Config>) {
  const config = readConfig(['--log-level', 'silent', '--threads', '1', '--port', '0'], {});
  const server = await serve({ ...config, model: [folder], moderator, ...settings });
  onTestFinished(() => server.close());
  return server;
}

const openFiles = () =>
  readdirSync('/proc/self/fd').flatMap((file) => {
    try {
      return [readlinkSync(`/proc/self/fd/${file}`)];
    } catch {
      return [];
    }
  });

describe('a server', () => {
  it.each([
    ['off', ['tiny-embed']],
    ['block', ['tiny-embed', 'tiny-classify']],
  ] as const)('with --moderate %s is ready with the models that its answers need', async (moderate, models) => {
    const { url } = await start({ moderate });
    const health = (await (await fetch(`${url}/health/ready`)).json()) as { replicas: { model: string }[] };
    expect(health.replicas.map(({ model }) => model)).toEqual(models);
  });

  it('refuses a model that has the id of the moderator', async () => {
    await expect(start({ model: [folder, moderator] })).rejects.toMatchObject({
      ...{
        code: 'invalid_config',
        message: expect.stringContaining('is that of the moderator: name this model with --name'),
      },
    });
  });

  it('that cannot load its models leaves no audit log open', async () => {
    const auditLog = path.join(temporaryFolder(), 'audit.jsonl');
    await expect(start({ model: [path.join(temporaryFolder(), 'none')], auditLog })).rejects.toThrow(/none/);
    expect(readFileSync(auditLog, 'utf8')).toBe('');
    expect(openFiles()).not.toContain(auditLog);
  });
});
