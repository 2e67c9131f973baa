/** `octavo pull` as a person types it, up to a model that answers. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { pullCommand } from '#octavo/commands/pull.js';
import { filesOf, type HubSettings, repository, startHub } from '../support/fake-hub.js';
import { temporaryFolder } from '../support/folders.js';
import { runOctavo } from '../support/octavo.js';
import { startServer } from '../support/server-process.js';
import { writeByteCheckpoint } from '../support/tiny-checkpoint.js';

const checkpoint = filesOf(writeByteCheckpoint(join(temporaryFolder(), 'tiny')));
const concierge = filesOf(fileURLToPath(new URL('../../models/concierge', import.meta.url)));

async function prepare(settings: Partial<HubSettings> = {}) {
  const hub = await startHub({ files: checkpoint, ...settings });
  const cwd = temporaryFolder();
  // Whatever the machine that runs the tests has set.
  const env = { HF_ENDPOINT: hub.endpoint, HF_TOKEN: '' };
  const octavo = (args: readonly string[], typed: Partial<Parameters<typeof runOctavo>[1]> = {}) =>
    runOctavo(args, { cwd, ...typed, env: { ...env, ...typed.env } });
  return { hub, cwd, octavo };
}

async function complete(model: string): Promise<string> {
  const server = await startServer('--model', model, '--log-level', 'silent');
  const body = JSON.stringify({ model: 'any', prompt: 'Hello', max_tokens: 4, temperature: 0 });
  const { data } = (await (await fetch(`${server.url}/v1/models`)).json()) as { data: { id: string }[] };
  const answer = await fetch(`${server.url}/v1/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: body.replace('any', data[0]?.id ?? ''),
  });
  expect(answer.status).toBe(200);
  const { usage } = (await answer.json()) as { usage: { completion_tokens: number } };
  expect(usage.completion_tokens).toBeGreaterThan(0);
  await server.stop();
  return data[0]?.id ?? '';
}

describe('octavo pull', () => {
  it('fetches a checkpoint that builds and serves', async () => {
    const { hub, cwd, octavo } = await prepare();
    const pulled = await octavo(['pull', repository]);
    expect(pulled).toMatchObject({ code: 0, err: '' });
    expect(pulled.out).toMatch(
      /^tiny\/model at 0123456789ab: \d+ files, [\d.]+ MiB in [\d.]+ s, written to \.\/model\n/,
    );
    expect(pulled.out).toMatch(/\nNext: octavo build \.\/model --out <folder>\n$/);
    const built = await octavo(['build', './model', '--out', 'built', '--no-receipt']);
    expect(built).toMatchObject({ code: 0, err: '' });
    expect(await complete(join(cwd, 'built'))).toBe('model');
    expect(hub.requests.every(({ authorization }) => authorization === undefined)).toBe(true);
  });

  it('fetches what Octavo built, ready to serve', async () => {
    const { cwd, octavo } = await prepare({ files: concierge, storage: true });
    expect(await octavo(['pull', `${repository}:int8`, '--out', 'deep/concierge'])).toMatchObject({
      ...{ code: 0, err: '', out: expect.stringMatching(/\nNext: octavo serve --model deep\/concierge\n$/) },
    });
    const shown = await octavo(['show', 'deep/concierge']);
    expect(shown.out).toMatch(/^concierge \(llama, int8\)[\s\S]*perplexity/);
    expect(await complete(join(cwd, 'deep', 'concierge'))).toBe('concierge');
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('keeps what it has at %s, says so, and goes on', async (signal, exitCode) => {
    const stalls = [5000];
    const { hub, cwd, octavo } = await prepare({
      cut: 'stall',
      cutAfter: (path) => (path === 'model.safetensors' ? stalls.shift() : undefined),
    });
    const part = join(cwd, '.model.pulling', 'model.safetensors');
    const stopped = octavo(['pull', repository], {
      onStart: async (child) => {
        while (!existsSync(part) || statSync(part).size < 5000) await sleep(5);
        child.kill(signal);
      },
    });
    expect(await stopped).toMatchObject({
      code: exitCode,
      err: expect.stringMatching(
        new RegExp(
          `^octavo: Stopped by ${signal}\\. 0\\.0 MiB of .* are kept: the same command goes on from there\\.\n$`,
        ),
      ),
    });
    expect(readdirSync(cwd)).toEqual(['.model.pulling']);
    expect(await octavo(['pull', repository])).toMatchObject({ code: 0, err: '' });
    expect(hub.requests.flatMap(({ range }) => range ?? [])).toEqual(['bytes=5000-']);
    expect(readdirSync(cwd)).toEqual(['model']);
  });

  it('sends the token that the environment holds, past proxies that it names', async () => {
    const { hub, octavo } = await prepare();
    const proxy = 'http://127.0.0.1:1';
    const env = { HF_TOKEN: 'hf_secret', HTTP_PROXY: proxy, http_proxy: proxy, NODE_USE_ENV_PROXY: '0' };
    expect(await octavo(['pull', repository], { env })).toMatchObject({ code: 0, err: '' });
    expect(new Set(hub.requests.map(({ authorization }) => authorization))).toEqual(new Set(['Bearer hf_secret']));
  });

  it('prints a refusal as one sentence', async () => {
    const { cwd, octavo } = await prepare();
    const { code, out, err } = await octavo(['pull', 'other/model']);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toMatch(/^octavo: http:\S+ has no such model, or it is private and needs HF_TOKEN\.\n$/);
    expect(readdirSync(cwd)).toEqual([]);
  });

  it.each([
    [[], {}, /^Give one model, as org\/name\.$/],
    [['a/b', 'c/d'], {}, /^Give one model/],
    [['../x'], {}, /"\.\.\/x" does not name a model/],
    [['a/b', '--max-size', '20'], {}, /--max-size is "20": expected a size such as 500M or 20G/],
    [['a/b', '--endpoint', 'hub'], {}, /--endpoint: expected an address such as https/],
    [['a/b', '--token', 'hf_secret'], {}, /There is no option --token/],
    [['a/b'], { HF_ENDPOINT: 'https://me:hf_secret@hub' }, /HF_ENDPOINT: expected an address/],
    [['a/b'], { HF_TOKEN: 'hf_secret\u00e9' }, /HF_TOKEN holds characters that no token has/],
  ])('refuses %j with %j', async (args, env, message) => {
    const error = await pullCommand.run(args, env).catch((reason: Error) => reason);
    expect(error).toMatchObject({ code: 'invalid_config', message: expect.stringMatching(message) });
    expect(String(error)).not.toContain('hf_secret');
  });
});
