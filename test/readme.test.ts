/** What the README and the documents name exists: links, files, functions, commands, flags, variables, paths, metrics. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { familyOf } from '#octavo/models/build/families/families.js';
import { shapeNames } from '#octavo/models/build/source/random-source.js';
import { Metrics } from '#octavo/server/metrics.js';
import { anchors, commandLines, inlineCode, page, pages } from './support/pages.js';

const helpOf = (...args: readonly string[]) =>
  execFileSync(process.execPath, ['dist/cli.js', ...args, '--help'], { encoding: 'utf8' });
const commands = Array.from(helpOf().matchAll(/^ {2}(\w+) +[A-Z]/gm), ([, name]) => name ?? '');
const help = new Map(commands.map((name) => [name, `--help ${helpOf(name)}`.split(/\s+/)]));
const allHelp = [...help.values()].flat();
const flagsIn = (text: string) => text.match(/(?<=^|[\s[])--[a-z][a-z-]*/g) ?? [];
const missing = (names: Iterable<string>, has: (name: string) => boolean) => [...new Set(names)].filter((n) => !has(n));

describe.each(pages)('$path', (one) => {
  it('links to files and headings that exist', () => {
    const targets = Array.from(one.text.matchAll(/\]\(([^)\s]+)\)/g), ([, target]) => target ?? '');
    const broken = missing(targets, (target) => {
      if (/^https?:/.test(target)) return true;
      const [file, anchor] = target.split('#');
      const path = file ? join(dirname(one.path), file) : one.path;
      return existsSync(path) && (anchor === undefined || anchors(page(path)).includes(anchor));
    });
    expect(broken).toEqual([]);
  });

  it('names files that exist', () => {
    const paths = inlineCode(one).filter((code) =>
      /^(src|test|scripts|proto|openapi|docs|bench|\.ci)\/[\w./-]+$/.test(code),
    );
    expect(missing(paths, existsSync)).toEqual([]);
  });

  it('names what the files define', () => {
    const mentions = one.text.matchAll(/((?:`\w+`(?:, )?)+) (?:\(|in )`(src\/[\w./-]+\.ts)`/g);
    for (const [, names = '', file = ''] of mentions) {
      const source = readFileSync(file, 'utf8');
      const words = Array.from(names.matchAll(/\w+/g), ([word]) => word);
      expect([file, ...missing(words, (word) => new RegExp(`\\b${word}\\b`).test(source))]).toEqual([file]);
    }
  });

  it('uses commands and flags that exist', () => {
    const lines = commandLines(one);
    for (const line of lines) {
      const known = help.get(/^(?:npx )?octavo (\w+)/.exec(line)?.[1] ?? '');
      if (known) expect([line, ...missing(flagsIn(line), (flag) => known.includes(flag))]).toEqual([line]);
    }
    const alone = lines.filter((line) => line.startsWith('--')).flatMap(flagsIn);
    expect(missing(alone, (flag) => allHelp.includes(flag))).toEqual([]);
  });

  it('names npm scripts and environment variables that exist', () => {
    const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };
    const used = commandLines(one).flatMap((line) => /^npm (?:run )?([\w:-]+)/.exec(line)?.[1] ?? []);
    const builtIn = ['ci', 'install'];
    expect(missing(used, (name) => name in scripts || builtIn.includes(name))).toEqual([]);
    const variables = one.text.match(/OCTAVO_[A-Z_]+/g) ?? [];
    expect(missing(variables, (name) => allHelp.some((word) => word.includes(name)))).toEqual([]);
  });

  it('names paths that the server has', () => {
    const { paths } = JSON.parse(readFileSync('openapi/openapi.json', 'utf8')) as { paths: Record<string, unknown> };
    const known = [...Object.keys(paths), '/docs', '/openapi.json'].map((path) => path.replace(/\{\w+\}/, '{}'));
    const named = inlineCode(one).flatMap((code) => /^(?:GET |POST )?(\/[a-z][\w./{}]*)$/.exec(code)?.[1] ?? []);
    expect(missing(named, (path) => known.includes(path.replace(/\{\w+\}/, '{}')))).toEqual([]);
  });
});

it('README.md lists every command', () => {
  expect(commands).toContain('serve');
  const listed = Array.from(page('README.md').text.matchAll(/^\| `octavo (\w+)/gm), ([, name]) => name);
  expect(listed.toSorted()).toEqual(commands.toSorted());
});

it('docs/operations.md lists every metric, and no other', () => {
  const names = new Metrics().registry.getMetricsAsArray().map(({ name }) => name);
  const listed = inlineCode(page('docs/operations.md')).filter((code) => /^(octavo_|vllm:)\w+$/.test(code));
  expect([...new Set(listed)].toSorted()).toEqual(names.toSorted());
});

it('docs/models.md lists every family and every random shape', () => {
  const { text } = page('docs/models.md');
  const families = errorOf(() => familyOf({ model_type: 'other' })).match(/(?<=supported are: .*)[\w-]+/g) ?? [];
  expect(families).toContain('llama');
  expect(missing([...families, ...shapeNames], (name) => text.includes(`\`${name}\``))).toEqual([]);
});

function errorOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return String(error);
  }
  return '';
}
