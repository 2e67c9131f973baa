/** A model comes from a hub whole and hashed, goes on where it was cut, and nothing else comes. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseReference } from '#octavo/models/hub/model-reference.js';
import { type PullOptions, pullModel } from '#octavo/models/hub/pull.js';
import {
  commit,
  type FakeHub,
  filesOf,
  type HubSettings,
  refuse,
  repository,
  startHub,
} from '../../support/fake-hub.js';
import { temporaryFolder } from '../../support/folders.js';
import { randomValues } from '../../support/random-values.js';

const weights = Buffer.from(randomValues(300_000, 1, 7).buffer);
const files = new Map([
  ['config.json', Buffer.from('{"model_type":"llama"}')],
  ['tokenizer.json', Buffer.from('{}')],
  ['README.md', Buffer.from('A tiny model.\n')],
  ['model.safetensors', weights],
]);
const unwanted = new Map([
  ['pytorch_model.bin', Buffer.from('pickle')],
  ['modeling_tiny.py', Buffer.from('import os')],
  ['training/args.json', Buffer.from('{}')],
  ['consolidated.safetensors', Buffer.from('again')],
]);

type Before = NonNullable<HubSettings['before']>;

interface Setting extends Partial<HubSettings> {
  readonly options?: Partial<PullOptions>;
  readonly reference?: string;
}

/** A hub, a folder beside nothing, and a pull that can be repeated. */
async function prepare({ options, reference = repository, ...settings }: Setting = {}) {
  const hub = await startHub({ files, ...settings });
  const root = temporaryFolder();
  const out = join(root, 'model');
  const pull = (changed: Partial<PullOptions> = {}) =>
    pullModel({
      ...{ reference: parseReference(reference), out, endpoint: new URL(hub.endpoint), token: null, maxBytes: 2 ** 30 },
      ...{ signal: new AbortController().signal, backoffMs: 1 },
      ...options,
      ...changed,
    });
  return { hub, root, out, pull };
}

const rangesOf = ({ requests }: FakeHub) =>
  requests.filter(({ url }) => url.endsWith('model.safetensors')).map(({ range }) => range);
/** Digests, by path: comparing megabytes takes seconds. */
const digests = (found: ReadonlyMap<string, Buffer>) =>
  Object.fromEntries(Array.from(found, ([path, bytes]) => [path, createHash('sha256').update(bytes).digest('hex')]));
const read = (out: string) => {
  const { '.octavo-pull.json': _, ...rest } = digests(filesOf(out));
  return rest;
};

describe('a pull', () => {
  it('fetches what building reads, page by page, and writes down where it comes from', async () => {
    const { root, out, pull } = await prepare({ files: new Map([...unwanted, ...files]), pageSize: 3 });
    const record = await pull();
    expect(read(out)).toEqual(digests(files));
    expect(JSON.parse(readFileSync(join(out, '.octavo-pull.json'), 'utf8'))).toEqual(record);
    expect(record).toMatchObject({ repository, revision: 'main', commit, variant: null });
    expect(readdirSync(root)).toEqual(['model']);
  });

  it.each(['close', 'end'] as const)(
    'goes on in the same run after a cut (%s), as long as something comes',
    async (cut) => {
      const { hub, out, pull } = await prepare({
        cut,
        cutAfter: (path) => (path.endsWith('.safetensors') ? 130_000 : undefined),
      });
      await pull();
      expect(read(out)).toEqual(digests(files));
      const starts = rangesOf(hub).map((range) => Number(/\d+/.exec(range ?? '0')?.[0]));
      expect(starts.length).toBeGreaterThan(9);
      expect(starts).toEqual(starts.toSorted((a, b) => a - b));
    },
  );

  it('keeps what came before it failed, and the next run fetches only the rest', async () => {
    const cuts = [500_000, 0, 0, 0, 0, 0];
    const { hub, root, out, pull } = await prepare({
      cutAfter: (path) => (path === 'model.safetensors' ? cuts.shift() : undefined),
    });
    await expect(pull()).rejects.toMatchObject({
      code: 'hub_unavailable',
      message: expect.stringMatching(/0\.5 MiB of 1\.1 MiB are kept: the same command goes on from there\.$/),
    });
    expect(existsSync(out)).toBe(false);
    expect(readdirSync(root)).toEqual(['.model.pulling']);
    const { length } = rangesOf(hub);
    await pull();
    expect(rangesOf(hub).slice(length)).toEqual(['bytes=500000-']);
    expect(read(out)).toEqual(digests(files));
    expect(readdirSync(root)).toEqual(['model']);
  });

  it('starts a file again at a server without ranges', async () => {
    const cuts = [500_000];
    const { out, pull } = await prepare({
      ranges: false,
      cutAfter: (path) => (path === 'model.safetensors' ? cuts.shift() : undefined),
    });
    await pull();
    expect(read(out)).toEqual(digests(files));
  });

  it('fetches a file again when the part that was kept is damaged', async () => {
    const cuts = [400_000, 0, 0, 0, 0, 0];
    const { root, out, pull } = await prepare({
      cutAfter: (path) => (path === 'model.safetensors' ? cuts.shift() : undefined),
    });
    await expect(pull()).rejects.toMatchObject({ code: 'hub_unavailable' });
    const part = join(root, '.model.pulling', 'model.safetensors');
    const bytes = readFileSync(part);
    bytes[1000] = 255 - (bytes[1000] ?? 0);
    writeFileSync(part, bytes);
    await pull();
    expect(read(out)).toEqual(digests(files));
  });

  it('keeps nothing of another commit but the files that are the same', async () => {
    const { root, out, pull } = await prepare({ cutAfter: (path) => (path.endsWith('.safetensors') ? 0 : undefined) });
    await expect(pull()).rejects.toMatchObject({ code: 'hub_unavailable' });
    expect(readdirSync(join(root, '.model.pulling'))).toContain('README.md');
    const changed = new Map([...files, ['config.json', Buffer.from('{}')] as const]);
    changed.delete('README.md');
    const other = await startHub({ files: changed });
    await pull({ endpoint: new URL(other.endpoint) });
    expect(read(out)).toEqual(digests(changed));
    expect(other.requests.filter(({ url }) => url.endsWith('tokenizer.json'))).toEqual([]);
  });

  it('repeats what a server in trouble refuses', async () => {
    const seen = new Map<string, number>();
    const before: Before = ({ url = '' }, response) => {
      seen.set(url, (seen.get(url) ?? 0) + 1);
      return (seen.get(url) ?? 0) <= 2 && refuse(response, 503);
    };
    const { out, pull } = await prepare({ before });
    await pull();
    expect(read(out)).toEqual(digests(files));
    expect([...seen.values()].every((count) => count === 3)).toBe(true);
  });

  it('stops at its signal, and keeps what came', async () => {
    const controller = new AbortController();
    const { out, pull } = await prepare({ cutAfter: (path) => (path.endsWith('.safetensors') ? 100_000 : undefined) });
    const reason = new Error('Stopped.');
    const stopped = pullModel(
      {
        ...{ reference: parseReference(repository), out, token: null, maxBytes: 2 ** 30, backoffMs: 60_000 },
        endpoint: new URL((await startHub({ files, cutAfter: () => 5 })).endpoint),
        signal: controller.signal,
      },
      ({ done }) => done > 0 && controller.abort(reason),
    );
    await expect(stopped).rejects.toThrow(/^Stopped\. 0\.0 MiB of 1\.1 MiB are kept/);
    await pull();
    expect(read(out)).toEqual(digests(files));
  });
});

describe('the token', () => {
  it('goes to the hub, and not to where it redirects', async () => {
    const { hub, out, pull } = await prepare({ storage: true, options: { token: 'hf_secret' } });
    await pull();
    expect(read(out)).toEqual(digests(files));
    const tokens = (at: string) => new Set(hub.requests.filter((one) => one.at === at).map((one) => one.authorization));
    expect(tokens('hub')).toEqual(new Set(['Bearer hf_secret']));
    expect(tokens('storage')).toEqual(new Set([undefined]));
  });
});

describe('a pull refuses', () => {
  const answer =
    (status: number, code?: string): Before =>
    (_, response) =>
      refuse(response, status, code);

  it.each([
    [
      'a model that is not there',
      answer(404, 'RepoNotFound'),
      null,
      'model_not_found',
      /has no such model, or it is private/,
    ],
    ['what 401 hides', answer(401), null, 'model_not_found', /has no such model, or it is private and needs HF_TOKEN/],
    ['a wrong token', answer(401), 'hf_x', 'model_not_found', /HF_TOKEN is wrong or may not read it/],
    ['a revision that is not there', answer(404, 'RevisionNotFound'), null, 'model_not_found', /no such revision/],
    [
      'a gated model',
      answer(401, 'GatedRepo'),
      null,
      'forbidden',
      /gated: ask for access on its page .*, then set HF_TOKEN/,
    ],
    [
      'a gated model with a token',
      answer(403, 'GatedRepo'),
      'hf_x',
      'forbidden',
      /with the account that HF_TOKEN is of/,
    ],
    ['without a right', answer(403), 'hf_x', 'forbidden', /HF_TOKEN must be allowed/],
    ['a server that stays in trouble', answer(502), null, 'hub_unavailable', /answers 502\.$/],
    [
      'a site that is no hub',
      (_: unknown, response) => !!response.end('<html>'),
      null,
      'invalid_model',
      /not answer as a Hugging Face hub/,
    ],
    [
      'a circle of redirects',
      (_: unknown, response) => !!response.writeHead(302, { location: '/' }).end(),
      null,
      'hub_unavailable',
      /redirects more than/,
    ],
    [
      'a redirect to a file',
      (_: unknown, response) => !!response.writeHead(302, { location: 'file:///etc/passwd' }).end(),
      null,
      'hub_unavailable',
      /not followed/,
    ],
  ] satisfies readonly (readonly [string, Before, string | null, string, RegExp])[])(
    '%s',
    async (_, before, token, code, message) => {
      const { root, pull } = await prepare({ before, options: { token } });
      const error = await pull().catch((reason: Error) => reason);
      expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
      expect(String(error)).not.toContain('hf_x');
      expect(readdirSync(root)).toEqual([]);
    },
  );

  it('at once when nobody listens', async () => {
    const closed = createServer().listen(0);
    const { port } = closed.address() as { port: number };
    await new Promise((resolve) => closed.close(resolve));
    const { pull } = await prepare({ options: { backoffMs: 60_000, endpoint: new URL(`http://127.0.0.1:${port}`) } });
    await expect(pull()).rejects.toMatchObject({
      code: 'hub_unavailable',
      message: expect.stringMatching(/ECONNREFUSED/),
    });
  });

  it.each([
    [
      'other bytes',
      (bytes: Buffer) => Buffer.from(bytes).fill(1, 7, 9),
      /not the file that the hub lists \(its SHA-256 differs\)/,
    ],
    ['more bytes', (bytes: Buffer) => Buffer.concat([bytes, bytes]), /longer than the 1200000 bytes/],
  ])('a file of %s', async (_, change, message) => {
    const content = (path: string, bytes: Buffer) => (path.endsWith('.safetensors') ? change(bytes) : bytes);
    const { root, out, pull } = await prepare({ content });
    await expect(pull()).rejects.toMatchObject({ code: 'invalid_model', message: expect.stringMatching(message) });
    expect(existsSync(out)).toBe(false);
    expect(filesOf(join(root, '.model.pulling')).get('model.safetensors')?.length ?? 0).toBe(0);
  });

  it('a small file of other bytes, and leaves nothing when nothing else came', async () => {
    const { root, pull } = await prepare({ content: (_, bytes) => Buffer.from(bytes).fill(32, 0, 2) });
    await expect(pull()).rejects.toMatchObject({
      message: expect.stringMatching(/config\.json .* \(its git hash differs\)/),
    });
    expect(readdirSync(root)).toEqual([]);
  });

  it.each(['../config.json', '/etc/passwd', 'a/../../b.json', '..\\evil.json', 'C:\\evil.json', 'a//b', 'a\0.json'])(
    'a list with the path %j',
    async (path) => {
      const { root, hub, pull } = await prepare({ files: new Map([[path, Buffer.from('x')], ...files]) });
      await expect(pull()).rejects.toMatchObject({
        code: 'invalid_model',
        message: expect.stringMatching(/not a path inside/),
      });
      expect(readdirSync(root)).toEqual([]);
      expect(hub.requests.filter(({ url }) => url.includes('/resolve/'))).toEqual([]);
    },
  );

  it('more than --max-size, before anything is written', async () => {
    const { root, pull } = await prepare({ options: { maxBytes: 1_000_000 } });
    await expect(pull()).rejects.toMatchObject({
      message: expect.stringMatching(/has 1\.1 MiB, --max-size allows 1\.0 MiB/),
    });
    expect(readdirSync(root)).toEqual([]);
  });

  it('more than the disk has left, before anything is fetched', async () => {
    const { root, hub, pull } = await prepare({ listedBytes: 2 ** 52, options: { maxBytes: 2 ** 53 } });
    await expect(pull()).rejects.toMatchObject({
      code: 'invalid_config',
      message: expect.stringMatching(/^4194304\.0 GiB are to be fetched, the disk has [\d.]+ [GM]iB left\.$/),
    });
    expect(readdirSync(root)).toEqual([]);
    expect(rangesOf(hub)).toEqual([]);
  });

  it('a folder that exists, and one that another process fetches', async () => {
    const { out, root, pull } = await prepare();
    writeFileSync(join(root, '.model.pulling.lock'), String(process.ppid));
    await expect(pull()).rejects.toMatchObject({ message: expect.stringMatching(/is fetching into the same folder/) });
    // A dead process had this number, or this process has it now.
    writeFileSync(join(root, '.model.pulling.lock'), String(process.pid));
    await pull();
    await expect(pull()).rejects.toMatchObject({ message: expect.stringMatching(/exists already/) });
    expect(read(out)).toEqual(digests(files));
  });
});
