/** The settings of the server: defaults, sources, and messages for every kind of mistake. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readConfig, serveFlags } from '#octavo/config.js';
import { embeddedModel } from '#octavo/engine-options.js';
import type { Option } from '#octavo/options.js';
import { temporaryFolder } from './support/folders.js';

const folder = temporaryFolder();

function file(content: unknown): string {
  const path = join(folder, 'octavo.json');
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

function problem(argv: readonly string[], env: NodeJS.ProcessEnv = {}): string {
  try {
    readConfig(argv, env);
  } catch (error) {
    expect(error).toMatchObject({ code: 'invalid_config' });
    return (error as Error).message;
  }
  return 'none';
}

test('without any setting: the embedded model, on this machine only', () => {
  const config = readConfig([], {});
  expect(config).toMatchObject({
    model: [embeddedModel],
    name: null,
    host: '127.0.0.1',
    port: 8080,
    apiKeys: [],
    safety: 'default',
    unknownParams: 'refuse',
    logPrompts: false,
  });
  expect(Object.isFrozen(config)).toBe(true);
  expect(config).not.toHaveProperty('config');
});

describe('sources', () => {
  test('a flag wins over a variable, a variable over the file', () => {
    const path = file({ port: 1, rows: 1, queue: 1 });
    const config = readConfig(['--config', path, '--port', '3'], { PORT: '2', OCTAVO_ROWS: '2' });
    expect(config).toMatchObject({ port: 3, rows: 2, queue: 1 });
  });

  test('the file may be named by a variable', () => {
    expect(readConfig([], { OCTAVO_CONFIG: file({ port: 1 }) }).port).toBe(1);
  });

  test('every setting can come from a variable of its own', () => {
    const variables = Object.values(serveFlags).flatMap(({ env }) => env);
    expect(new Set(variables).size).toBe(Object.keys(serveFlags).length);
  });

  test('every setting of the file is one of the flags', () => {
    expect(
      readConfig(['--config', file({ unknownParams: 'ignore', apiKeys: ['k'], logPrompts: true })], {}),
    ).toMatchObject({ unknownParams: 'ignore', apiKeys: ['k'], logPrompts: true });
  });
});

test('several models, by commas or by several flags', () => {
  expect(readConfig(['--model', 'a,b', '--model', 'c'], {}).model).toEqual(['a', 'b', 'c']);
  expect(readConfig([], { OCTAVO_MODEL: 'a, b' }).model).toEqual(['a', 'b']);
  expect(readConfig(['--config', file({ model: ['a', 'b'] })], {}).model).toEqual(['a', 'b']);
  expect(readConfig(['--config', file({ model: 'a' })], {}).model).toEqual(['a']);
});

describe('a list of keys without a key is refused: it would open the server', () => {
  const none = /: there is no key in it; name at least one, or leave the setting out \(unset the variable\)/;
  test.each(['', ' , ', ','])('%j', (keys) => {
    expect(problem([], { OCTAVO_API_KEYS: keys })).toMatch(none);
    expect(problem([], { OCTAVO_API_KEYS: keys })).toMatch(/^OCTAVO_API_KEYS: /);
    expect(problem(['--api-keys', keys])).toMatch(none);
    expect(problem(['--config', file({ apiKeys: keys })])).toMatch(none);
    expect(problem(['--config', file({ apiKeys: ['k'] })], { OCTAVO_API_KEYS: keys })).toMatch(none);
  });

  test('where a flag names keys, the variable does not count', () => {
    expect(readConfig(['--api-keys', 'a, b'], { OCTAVO_API_KEYS: '' }).apiKeys).toEqual(['a', 'b']);
  });
});

describe('mistakes', () => {
  test.each<[readonly string[], NodeJS.ProcessEnv, string]>([
    [['--port', '65536'], {}, '--port is "65536": expected a whole number from 0 to 65535.'],
    [[], { PORT: 'http' }, 'PORT is "http": expected a whole number from 0 to 65535.'],
    [['--chunk-tokens', '1'], {}, '--chunk-tokens is "1": expected a whole number from 2 to 65536.'],
    [
      ['--device', 'gpu'],
      {},
      '--device is "gpu": expected auto or one of cpu, cuda, tensorrt, directml, coreml, webgpu, or one of these with a number, as cuda:1, or a group of them, as cuda:0+cuda:1, or several of these with commas.',
    ],
    [
      ['--device', 'cuda', '--device', 'cuda:1', '--replicas', '3'],
      {},
      '--replicas 3 does not go with the 2 devices of --device: there is one replica on each. Name a device several times for several on it.',
    ],
    [[], { OCTAVO_LOG_LEVEL: 'all' }, 'OCTAVO_LOG_LEVEL is "all": expected one of debug, info, warn, error, silent.'],
    [['--host', ''], {}, '--host is "": expected a text of 1 to 4096 characters.'],
    [['model'], {}, 'Unexpected argument "model".'],
    [['--model', 'a,b', '--name', 'c'], {}, '--name is the id of one model, but there are 2: they keep their own.'],
    [['--prot', '1'], {}, 'There is no option --prot.'],
  ])('%j %j', (argv, env, message) => {
    expect(problem(argv, env)).toBe(message);
  });

  test.each<[string, unknown, RegExp]>([
    ['a setting that does not exist', { ports: 1 }, /^The config file has an unknown setting "ports"\.$/],
    ['a bad value', { port: 'x' }, /^"port" in the config file is "x": expected a whole number from 0 to 65535\.$/],
    ['a key that is no text, which is not shown', { apiKeys: ['k3y', 5] }, /^"apiKeys" in the config file: (?!.*k3y)/],
    [
      'no key in a list of keys',
      { apiKeys: [] },
      /^"apiKeys" in the config file: there is no key in it; name at least one/,
    ],
    ['a key that is empty', { apiKeys: ['k', ''] }, /^"apiKeys" in the config file: a key has no spaces/],
    ['a key that no header can hold', { apiKeys: ['my k3y'] }, /^"apiKeys" in the config file: a key has (?!.*k3y)/],
    ['another config file', { config: 'other.json' }, /^The config file .*octavo\.json names a config file\.$/],
    ['a list', [1], /^--config .*octavo\.json is not a JSON object; expected a JSON file of settings\.$/],
    ['no JSON', '{port: 1}', /^--config .*octavo\.json is not JSON \(.*\); expected/],
  ])('in the file: %s', (_, content, message) => {
    expect(problem(['--config', file(content)])).toMatch(message);
  });

  test.each([
    [
      join(folder, 'none.json'),
      /^--config .*none\.json cannot be read: there is no such file; expected a JSON file of settings\.$/,
    ],
    [folder, /^--config .* cannot be read: it is a folder; expected a JSON file of settings\.$/],
  ])('a file that cannot be read: %s', (path, message) => {
    expect(problem(['--config', path])).toMatch(message);
  });
});

/** What a help text says of these defaults, whose values are machine's, or are written in other units. */
const words: Readonly<Record<string, RegExp>> = {
  model: /the embedded one by default/,
  threads: /\(default: as many as may run at once, here \d+: /,
  kvMemory: /\(default: half of what is free at the start\)/,
  bodyLimit: /\(default 4 MiB\)/,
  auditMaxBytes: /\(default 64 MiB\)/,
};

test.each(Object.entries(serveFlags))('the help of %s says its default', (key, option: Option) => {
  // A switch is off.
  if (option.value === undefined) return expect(option.schema.parse(undefined)).toBe(false);
  const standard = [option.schema.parse(undefined)].flat();
  const expected = standard[0] == null ? /\(default: / : new RegExp(`\\(default:? ${standard[0]}\\b`);
  expect(option.help).toMatch(words[key] ?? expected);
});
