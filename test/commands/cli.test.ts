/** The command line as a person types it. */
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { runOctavo } from '../support/octavo.js';
import { startServer } from '../support/server-process.js';
import { buildTinyEncoder } from '../support/tiny-encoder.js';

const folder = mkdtempSync(path.join(tmpdir(), 'octavo-cli-'));

afterAll(() => rmSync(folder, { recursive: true }));

const octavo = (args: readonly string[], input = '') => runOctavo(args, { cwd: folder, input });

describe('octavo', () => {
  it('teaches its commands', async () => {
    const { code, out } = await octavo(['--help']);
    expect(code).toBe(0);
    for (const command of ['serve', 'pull', 'build', 'chat', 'bench'])
      expect(out).toMatch(new RegExp(`^  ${command} `, 'm'));
  });

  it.each(['serve', 'pull', 'build', 'chat', 'bench'])('teaches %s', async (command) => {
    const { code, out } = await octavo([command, '--help']);
    expect(code).toBe(0);
    expect(out).toMatch(`Usage: octavo ${command}`);
    expect(out).toMatch(/^ {2}--\w/m);
  });

  it('tells its version', async () => {
    expect((await octavo(['--version'])).out).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it.each([
    [['fly'], /no command "fly".*serve, pull, build, chat, bench/],
    [['serve', '--port', 'http'], /--port is "http": expected a whole number from 0 to 65535/],
    [['serve', '--prot', '1'], /There is no option --prot\. See "octavo serve --help"/],
    [['serve', '--threads', '-1'], /--threads is "-1": expected a whole number from 1 to 1024/],
    [['chat', '--temperature', '3'], /--temperature is "3": expected a number from 0 to 2/],
    [['chat', '--url', 'localhost'], /--url is "localhost": expected an address such as http/],
    [['chat', './model'], /Unexpected argument ".\/model"/],
    [['bench', './model'], /Unexpected argument ".\/model"/],
    [['build', 'checkpoint', '--out', ''], /--out is "": expected a text of/],
    [['serve', 'extra'], /Unexpected argument "extra"/],
    [['serve', '--model', '.'], /No model at .*manifest\.json.*octavo build/],
    [
      ['serve', '--safety', 'absent.yaml'],
      /^octavo: --safety absent\.yaml cannot be read: there is no such file; expected a YAML file of rules, "default" or "off"\. See/,
    ],
    [['serve', '--safety', '.'], /--safety \. cannot be read: it is a folder; expected a YAML/],
    [
      ['serve', '--safety-policy', 'absent.yaml'],
      /--safety-policy absent\.yaml cannot be read: there is no such file; expected/,
    ],
    [['serve', '--config', '.'], /--config \. cannot be read: it is a folder; expected a JSON file of settings\. See/],
    [['serve', '--device', 'tpu'], /expected auto or one of cpu, cuda,/],
    [
      ['serve', '--device', 'cuda', '--port', '0'],
      /cuda provider cannot be used.*without its part.*--ort-library names another build/,
    ],
    [['build', 'absent', '--out', 'x'], /absent/],
    [['build', '--random', 'gigantic', '--out', 'x'], /gigantic.*tiny-llama/],
    [['build', '--random', 'tiny-llama'], /--out is missing/],
    [['bench', '--batch', '1;2'], /--batch is "1;2": expected row counts/],
    [['bench', '--batch', '0,1'], /--batch is "0,1": expected row counts/],
  ])('refuses %j with what is allowed', async (args, message) => {
    const { code, err } = await octavo(args);
    expect(code).toBe(1);
    expect(err).toMatch(message);
    expect(err).not.toMatch(/at .*\.js:\d+/);
  });

  it.each([
    { host: '0.0.0.0', keys: [], told: 'NONE: OPEN TO EVERYBODY WHO REACHES IT, from other machines too' },
    { host: '0.0.0.0', keys: ['--api-keys', 'k1,k2'], told: '2 keys' },
    { host: '127.0.0.1', keys: [], told: 'none: open to everybody who reaches it' },
  ])(
    'listening on $host says an address that can be opened, and who may call ($keys)',
    async ({ host, keys, told }) => {
      const server = await startServer('--host', host, '--rows', '1', ...keys);
      expect(server.url.startsWith('http://127.0.0.1:')).toBe(true);
      expect((await fetch(`${server.url}/health/live`)).status).toBe(200);
      const output = await server.stop().then(server.output);
      expect(output.includes(`on every address of this machine (${host})`)).toBe(host !== '127.0.0.1');
      expect(output).toMatch(/ 1 row$/m);
      expect(output.match(/Server listening at http:/g)).toHaveLength(1);
      expect(output).toContain(`\n  keys     ${told}`);
      expect(output.includes('"msg":"no API keys: ')).toBe(host !== '127.0.0.1' && keys.length === 0);
    },
  );

  it('does not start with a list of keys that is empty', async () => {
    const cwd = folder;
    const { code, err } = await runOctavo(['serve', '--port', '0'], { cwd, env: { OCTAVO_API_KEYS: '' } });
    expect([code, err]).toEqual([1, expect.stringMatching(/^octavo: OCTAVO_API_KEYS: there is no key in it; name/)]);
  });

  it('tells of an encoder for a GPU that WebGPU does not run it', async () => {
    const built = await octavo(['build', '--random', 'tiny-bert', '--target', 'gpu', '--out', 'encoder']);
    expect(built.code).toBe(0);
    expect(built.out).toMatch(/Note: WebGPU does not run the encoders/);
  });

  it('shows where to read on about a model without a receipt', async () => {
    const moderator = fileURLToPath(new URL('../../models/moderator', import.meta.url));
    expect((await octavo(['show', moderator])).out).toMatch(
      /^No receipt: .*makers say of it is in its MODEL_CARD\.md\.$/m,
    );
  });

  it('says that a port is taken, and stops', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    const { code, err } = await octavo(['serve', '--port', String(port)]);
    taken.close();
    expect(code).toBe(1);
    expect(err).toMatch(
      new RegExp(`^octavo: Cannot listen on 127\\.0\\.0\\.1:${port}: the port is in use; choose another with --port`),
    );
  });

  it('builds a random model, and measures it', async () => {
    const built = await octavo(['build', '--random', 'tiny-llama', '--out', 'tiny']);
    expect(built).toMatchObject({ code: 0, err: '' });
    expect(built.out).toMatch(/tiny-llama-random \(llama, int8\): [\d.]+ MiB/);
    expect(existsSync(path.join(folder, 'tiny', 'manifest.json'))).toBe(true);
    const note = /^Note: Random weights \(shape tiny-llama, seed 0\): .*noise/m;
    expect(built.out).toMatch(note);
    const shown = (await octavo(['show', 'tiny'])).out;
    expect(shown).toMatch(note);
    expect(shown).toMatch(/^No receipt: nothing was measured/m);
    const sizes = ['--prompt', '16', '--steps', '4', '--repeat', '2', '--batch', '1,3'];
    const measured = await octavo(['bench', '--model', 'tiny', '--json', ...sizes]);
    const { results, model, limits } = JSON.parse(measured.out);
    expect(model).toMatchObject({ id: 'tiny-llama-random', precision: 'int8', runtime: 'ort-c-api' });
    expect(limits.readBytesPerSecond).toBeGreaterThan(0);
    expect(results.map(({ run }: { run: string }) => run)).toEqual(['decode 1', 'decode 3', 'prefill 16']);
    for (const { tokensPerSecond, shares } of results) {
      expect(tokensPerSecond).toBeGreaterThan(0);
      expect(shares.memory).toBeGreaterThan(0);
      expect(shares.int8).toBeGreaterThan(0);
    }
    const narrow = await octavo(['bench', '--model', 'tiny', '--context', '32']);
    expect(narrow.code).toBe(1);
    expect(narrow.err).toMatch(
      /context of 32 tokens: together they may be 28 at most, such as --prompt 14 --steps 14\./,
    );
    const fitting = ['--context', '32', '--prompt', '14', '--steps', '14', '--repeat', '1', '--batch', '1', '--json'];
    expect((await octavo(['bench', '--model', 'tiny', ...fitting])).code).toBe(0);
    const table = (await octavo(['bench', '--model', 'tiny', ...sizes])).out;
    expect(table).toMatch(/^reads [\d.]+ GB\/s, multiplies \d+ G/m);
    expect(table).toMatch(/^decode 3\s+\d.*%\s+\d+%$/m);
  });

  it.each([
    [['--text', 'a.txt'], /--text has no use with --random: random weights have nothing to lose/],
    [['--tokens', '100'], /--tokens has no use with --random/],
    [['--max-loss', '1%'], /--max-loss has no use with --random/],
    [['--reduce-range', '--precision', 'fp32'], /--reduce-range has no use here: it is for int8, .* is fp32/],
  ])('refuses %j, which changes nothing in a random model', async (options, message) => {
    const { code, err } = await octavo(['build', '--random', 'tiny-llama', '--out', 'useless', ...options]);
    expect(code).toBe(1);
    expect(err).toMatch(message);
    expect(existsSync(path.join(folder, 'useless'))).toBe(false);
  });

  it('serves a random model whose every token can be seen, and says that it is noise', async () => {
    await octavo(['build', '--random', 'tiny-llama', '--out', 'noise']);
    const server = await startServer('--model', path.join(folder, 'noise'));
    const prompt = { prompt: 'hello', max_tokens: 40, min_tokens: 40, ignore_eos: true, seed: 1 };
    const response = await fetch(`${server.url}/v1/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(prompt),
    });
    expect(await response.json()).toMatchObject({
      usage: { prompt_tokens: 5, completion_tokens: 40 },
      // Ids from 259 on are no bytes.
      choices: [{ text: expect.stringMatching(/ t(259|2[6-9]\d|3[01]\d)/) }],
    });
    expect(await server.stop().then(server.output)).toMatch(/^ {2}note {5}Random weights \(shape tiny-llama/m);
  });

  it.each([
    ['bert', /^embeds texts as vectors of 32\n2 layers, hidden 32, 2 heads of 16, .*, texts of up to 40 tokens$/m],
    ['bert-classify', /^classifies texts: good, bad, other\n.*, 2 heads of 16, vocabulary 264, texts of up to/m],
  ])('shows the encoder %s without a cache, which it does not have', async (name, lines) => {
    const source = fileURLToPath(new URL(`../fixtures/encoders/${name}`, import.meta.url));
    expect((await octavo(['build', source, '--out', name, '--no-receipt'])).code).toBe(0);
    const { out } = await octavo(['show', name]);
    expect(out).toMatch(lines);
    expect(out).not.toContain('KV');
  });

  it.each([
    ['bert-optimum', /^embeds texts as vectors of 32\nvocabulary 264, texts of up to 40 tokens$/m],
    ['llama-optimum', /^generates text\n2 layers, 2 KV heads of 16, .*\ngraph .*model\.onnx\nNote: The cache is not /m],
  ])('shows the export %s: what it gives, its graph, and that nobody measured it', async (name, lines) => {
    const { out } = await octavo(['show', fileURLToPath(new URL(`../fixtures/exports/${name}`, import.meta.url))]);
    expect(out).toMatch(lines);
    expect(out).toMatch(/^No receipt: exports by others are not measured/m);
  });

  it('builds one with its cache in int8, and says so wherever it is shown', async () => {
    const build = ['build', '--random', 'tiny-llama', '--out', 'small-cache', '--kv-cache', 'int8'];
    expect((await octavo(build)).out).toContain('tiny-llama-random (llama, int8, KV cache in int8): ');
    expect((await octavo(['show', 'small-cache'])).out).toContain('(llama, int8, KV cache in int8), built by');
    const sizes = ['--prompt', '16', '--steps', '4', '--repeat', '2', '--batch', '2'];
    const { model } = JSON.parse((await octavo(['bench', '--model', 'small-cache', '--json', ...sizes])).out);
    expect(model).toMatchObject({ precision: 'int8', kvCache: 'int8' });
    const refused = await octavo(['build', '--random', 'tiny-bert', '--out', 'never', '--kv-cache', 'int8']);
    expect(refused).toMatchObject({
      code: 1,
      err: expect.stringContaining('a model of the type bert has no KV cache'),
    });
    const unread = await octavo([...build, '--force', '--calibrate', 'own.txt']);
    expect(unread).toMatchObject({
      code: 1,
      err: expect.stringMatching(/--calibrate own\.txt has no use with --random: .*/),
    });
  });

  it('measures an encoder, by length against by arrival', async () => {
    const model = await buildTinyEncoder({ task: 'embed' });
    const sizes = ['--batch', '1,3', '--prompt', '16', '--repeat', '2', '--texts', '64'];
    const narrow = await octavo(['bench', '--model', model, '--prompt', '5000']);
    expect(narrow.err).toMatch(
      /--prompt is 5000, but the context of this model is \d+ tokens: it may be as many at most/,
    );
    const measured = await octavo(['bench', '--model', model, '--json', ...sizes]);
    const { results } = JSON.parse(measured.out);
    const runs = ['1 x 16', '3 x 16', 'mixed by length', 'mixed by arrival', 'mixed by rows'];
    expect(results.map(({ run }: { run: string }) => run)).toEqual(runs);
    for (const { textsPerSecond } of results) expect(textsPerSecond).toBeGreaterThan(0);
    // What the grouping saves does not depend on the clock.
    const padding = results.slice(2).map((result: { padding: number }) => result.padding);
    expect(padding).toEqual(padding.toSorted((a: number, b: number) => a - b));
    expect(padding[0]).toBeLessThan(0.5 * padding[2]);
    expect((await octavo(['bench', '--model', model, ...sizes])).out).toMatch(/^mixed by arrival\s+\d.*%$/m);
  });

  it('chats with the embedded model, line by line', async () => {
    const script = 'What is the weather like in London tomorrow?\n/new\nHi, I want to book a table for two.\n/exit\n';
    const { code, out, err } = await octavo(['chat', '--temperature', '0', '--max-tokens', '30'], script);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain('"city":"London"');
    expect(out).toMatch(/restaurant|reservation|city|time/i);
  });

  it('goes on when the context is full: says so, leaves the message out, and /new begins anew', async () => {
    const long = 'I want to book a table for two in San Jose. '.repeat(3);
    const script = `Hi.\n${long}\n/new\nHi, I want to book a table for two.\n`;
    const limits = ['--temperature', '0', '--context', '64', '--max-tokens', '24'];
    const { code, out, err } = await octavo(['chat', ...limits], script);
    expect(code).toBe(1);
    expect(err).toMatch(
      /^The conversation is too long for the model, so your message was left out\. .*64 tokens.*\/new/m,
    );
    expect(out).toMatch(/restaurant|reservation|city|time/i);
  });

  it('tells of a line that is no command, goes on, and ends with status 1 as it was not answered', async () => {
    const script = '/foo bar\n/help\nHi, I want to book a table for two.\n/exit\n';
    const { code, out, err } = await octavo(['chat', '--temperature', '0'], script);
    expect({ code, err }).toEqual({
      code: 1,
      err: expect.stringMatching(/^There is no command \/foo: \/help lists .*\n$/),
    });
    expect(out).toMatch(/^ {2}\/exit {2}end/m);
    expect(out).toMatch(/restaurant|reservation|city|time/i);
    expect(out).not.toContain('is listening');
  });

  it('says that a reply was cut, and by what', async () => {
    const limited = await octavo(['chat', '--temperature', '0', '--max-tokens', '1'], 'Hi, I want a table.\n');
    expect([limited.code, limited.err]).toEqual([0, '(The reply was cut at 1 token, as --max-tokens says.)\n']);
    const full = await octavo(['chat', '--temperature', '0', '--context', '24'], 'Hi, I want a table for two.\n');
    expect([full.code, full.err]).toEqual([0, expect.stringMatching(/^\(The reply was cut: the context .*\/new/)]);
  });

  it('chats with the model of a running server that is named, and with none that it lacks', async () => {
    const server = await startServer('--context', '24');
    const chat = ['chat', '--url', server.url, '--temperature', '0'];
    const question = 'Hi, I want a table for two.\n';
    const named = await octavo([...chat, '--model', 'concierge', '--max-tokens', '1'], question);
    expect([named.code, named.err]).toEqual([0, expect.stringContaining('cut at 1 token')]);
    const cut = await octavo(chat, question);
    expect([cut.code, cut.err]).toEqual([0, expect.stringMatching(/^\(The reply was cut: it is as .* server .*\/new/)]);
    const { code, err } = await octavo(['chat', '--url', server.url, '--model', 'other'], 'hello\n');
    expect(code).toBe(1);
    expect(err).toContain("'other'");
    expect(await server.stop()).toBe(0);
  });

  it('says what is wrong when a chat cannot reach its server', async () => {
    const { code, err } = await octavo(['chat', '--url', 'http://127.0.0.1:1234'], 'hello\n');
    expect(code).toBe(1);
    expect(err).toMatch(/^octavo: .*127\.0\.0\.1:1234: .*ECONNREFUSED/);
  });
});
