/** The rules of the house: imports run downward, third parties stay behind their walls, files open with a sentence. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, test } from 'vitest';

interface SourceFile {
  /** Below src/, with forward slashes. */
  readonly path: string;
  readonly text: string;
  /** Paths below src/. */
  readonly local: readonly string[];
  /** Files that it starts as worker threads. */
  readonly workers: readonly string[];
  /** Names of packages. */
  readonly packages: readonly string[];
}

const sources = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => path.replaceAll('\\', '/'))
  .sort()
  .map(readSource);

function readSource(path: string): SourceFile {
  const text = readFileSync(join('src', path), 'utf8');
  const specifiers = findImports(text);
  const started = Array.from(
    text.matchAll(/new URL\(\s*'(\.[^']+\.js)'\s*,\s*import\.meta\.url/g),
    ([, name]) => name!,
  );
  const toPath = (name: string) => normalize(join(dirname(path), name)).replaceAll('\\', '/');
  const toSource = (name: string) => toPath(name).replace(/\.js$/, '.ts');
  return {
    path,
    text,
    local: specifiers.filter((name) => name.startsWith('.')).map(toSource),
    workers: started.map(toSource),
    packages: specifiers.filter((name) => !/^(\.|node:)/.test(name)).map(toPackage),
  };
}

/** `@scope/name/file` is of the package `@scope/name`. */
function toPackage(specifier: string): string {
  return /^(?:@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? specifier;
}

/** `import … from 'x'`, `export … from 'x'`, `import 'x'`, `import('x')`, `require('x')`. */
function findImports(text: string): string[] {
  const statements = /^(?:import|export)\s(?:[^'"`;]*?\sfrom\s)?['"]([^'"]+)['"]/gm;
  const calls = /\b(?:import|require|resolve)\(\s*['"]([^'"]+)['"]/g;
  return [statements, calls].flatMap((pattern) => Array.from(text.matchAll(pattern), (match) => match[1]!));
}

/** From the top down; what shares a floor does not import each other. */
const floors: readonly (readonly string[])[] = [
  ['cli.ts'],
  ['commands/'],
  ['serve.ts'],
  ['moderator.ts'],
  ['engine.ts', 'screening.ts'],
  ['server/'],
  ['batcher/', 'safety/'],
  ['models/'],
  ['config.ts'],
  ['engine-options.ts', 'safety-options.ts'],
  ['device-name.ts'],
  ['options.ts', 'machine.ts'],
  ['validation-issue.ts'],
  ['issue-text.ts'],
  ['errors.ts', 'counted.ts', 'file-failure.ts'],
];

const roomOf = (path: string) => floors.flat().find((room) => path === room || path.startsWith(room));
const floorOf = (path: string) => floors.findIndex((rooms) => rooms.some((room) => room === roomOf(path)));

/** Which files may import a package; any file of src/ may import those that are not here. */
const walls: readonly (readonly [packages: RegExp, allowed: RegExp, rule: string])[] = [
  [/^(@fastify\/.*|fastify.*)$/, /^(server\/|serve\.ts)/, 'fastify only in server/ and serve.ts'],
  [/^(onnxruntime-.*|koffi)$/, /^models\/runtime\//, 'ONNX Runtime and koffi only in models/runtime/'],
  [
    /^(pino|prom-client)$/,
    /^(server\/|serve\.ts|cli\.ts|commands\/)/,
    'logs and metrics only in server/, serve.ts and the CLI',
  ],
  [/^@bufbuild\//, /^models\/build\//, 'ONNX is written only in models/build/'],
  [/^@huggingface\//, /^models\/tokenizer\//, 'tokenizers and templates only in models/tokenizer/'],
  [/^(re2js|yaml)$/, /^safety\//, 'rules are read only in safety/'],
];

/** Files that run in a worker thread: the only ones with a default export. */
const isWorker = (path: string) => /(^|[/-])worker\.ts$/.test(path);
const isGenerated = (path: string) => path.endsWith('_pb.ts');

/** Every file, and what of it breaks a rule. */
function breaches(find: (file: SourceFile) => readonly string[]): string[] {
  return sources.flatMap((file) => find(file).map((what) => `${file.path}: ${what}`));
}

test('the parser of imports finds every way to import', () => {
  const text = [
    "import a from './a.js';",
    "import { b,\n  type B } from '../b.js';",
    "import type { C } from 'c';",
    "import './d.js';",
    "export { e } from './e.js';",
    "export * from '@scope/f/deep';",
    "const g = await import('./g.js');",
    "const h = createRequire(import.meta.url)('h') ?? require('h');",
    "export const text = 'j';",
  ].join('\n');
  expect(findImports(text).sort()).toEqual(
    ['../b.js', './a.js', './d.js', './e.js', './g.js', '@scope/f/deep', 'c', 'h'].sort(),
  );
  expect(sources.length).toBeGreaterThan(80);
});

describe('imports', () => {
  test('every file has its floor', () => {
    expect(breaches(({ path }) => (roomOf(path) ? [] : ['no room of the house']))).toEqual([]);
  });

  test('name files that exist', () => {
    const paths = new Set(sources.map(({ path }) => path));
    expect(breaches(({ local, workers }) => [...local, ...workers].filter((path) => !paths.has(path)))).toEqual([]);
  });

  test('run downward; rooms of one floor do not know each other', () => {
    const upward = ({ path, local, workers }: SourceFile) =>
      [...local, ...workers].filter((other) => roomOf(other) !== roomOf(path) && floorOf(other) <= floorOf(path));
    expect(breaches(upward)).toEqual([]);
  });

  test('make no circle', () => {
    expect(findCircle(new Map(sources.map(({ path, local }) => [path, local])))).toEqual([]);
    expect(
      findCircle(
        new Map([
          ['a', ['b']],
          ['b', ['c', 'd']],
          ['c', ['b']],
          ['d', []],
        ]),
      ),
    ).toEqual(['b', 'c', 'b']);
  });

  test('make no circle of folders below models/; what joins two of them stands above both', () => {
    const folderOf = (path: string) => /^models\/[^/]+\//.exec(path)?.[0];
    const imports = new Map<string, string[]>();
    for (const { path, local, workers } of sources) {
      const folder = folderOf(path);
      if (folder === undefined) continue;
      const others = [...local, ...workers]
        .flatMap((other) => folderOf(other) ?? [])
        .filter((other) => other !== folder);
      imports.set(folder, [...(imports.get(folder) ?? []), ...others]);
    }
    expect(imports.size).toBeGreaterThan(8);
    expect(findCircle(imports)).toEqual([]);
  });

  test('only what runs models knows tensors', () => {
    const runtime = ({ path, local }: SourceFile) =>
      path.startsWith('models/') ? [] : local.filter((other) => other.startsWith('models/runtime/'));
    expect(breaches(runtime)).toEqual([]);
  });
});

describe('text that a model wrote', () => {
  /** Files of the server that name what matches. */
  const files = (what: RegExp, room = /^(server\/|serve\.ts)/) =>
    sources.filter(({ path, text }) => room.test(path) && what.test(text)).map(({ path }) => path);

  test('comes from the batcher to one file, which gives it to the guard', () => {
    expect(files(/\b(Generation|Delta|DeltaStream)\b.*from '.*batcher/)).toEqual([
      'server/choices.ts',
      'server/generate.ts',
      'server/guard-classifier.ts',
    ]);
    expect(files(/for await \(.* of generation\b/)).toEqual(['server/choices.ts', 'server/guard-classifier.ts']);
    expect(files(/tokenizer\.decode\(|tokenizer\.stream\(/)).toEqual(['server/prompt.ts']);
  });

  test('of a guard becomes scores, and reaches no answer', () => {
    expect(files(/guard-classifier\.js'/, /^/)).toEqual(['moderator.ts']);
    const exported = [...readFileSync('src/server/guard-classifier.ts', 'utf8').matchAll(/^export (.*)$/gm)];
    expect(exported.map(([, line]) => line)).toEqual([
      'interface GuardSetup {',
      'function classifyByGuard(setup: GuardSetup, { categories }: LabelMap): Classify {',
      'async function guardWindows(setup: GuardSetup): Promise<WindowLimits> {',
    ]);
  });

  test('leaves as SafeText, which only the guard makes', () => {
    const everywhere = /^/;
    expect(files(/\bpassScreened\b/, everywhere)).toEqual(['safety/guard.ts', 'safety/safe-text.ts']);
    expect(files(/\bas (unknown as )?SafeText\b/, everywhere)).toEqual(['safety/safe-text.ts']);
    // What writes answers has no other text to write.
    expect(files(/readonly text: string\b/, /^server\/(answer|choices|chat|completions|event-stream)\.ts/)).toEqual([]);
    expect(files(/readonly text: SafeText\b/)).toEqual(['server/choices.ts']);
  });
});

describe('third parties', () => {
  test.each(walls.map(([packages, allowed, rule]) => [rule, packages, allowed] as const))(
    '%s',
    (_, packages, allowed) => {
      const outside = ({ path, packages: used }: SourceFile) =>
        used.filter((name) => packages.test(name) && !allowed.test(path));
      expect(breaches(outside)).toEqual([]);
      expect(sources.some(({ packages: used }) => used.some((name) => packages.test(name)))).toBe(true);
    },
  );

  test('piscina only where a worker thread is started, and in it', () => {
    const starts = ({ path, text }: SourceFile) => isWorker(path) || /new Piscina\b/.test(text);
    expect(breaches((file) => (file.packages.includes('piscina') && !starts(file) ? ['piscina'] : []))).toEqual([]);
  });

  test('are dependencies of the package', () => {
    const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as { dependencies: object };
    expect(breaches(({ packages }) => packages.filter((name) => !Object.hasOwn(dependencies, name)))).toEqual([]);
  });
});

describe('files', () => {
  test('open with a doc comment', () => {
    const opens = ({ path, text }: SourceFile) => isGenerated(path) || /^(#!.*\n)?\/\*\*\s/.test(text);
    expect(breaches((file) => (opens(file) ? [] : ['no doc comment']))).toEqual([]);
  });

  test('have no default export, but for the entry of a worker thread', () => {
    const exports = ({ text }: SourceFile) => /^export default\b|\bas default\b/m.test(text);
    expect(breaches((file) => (exports(file) && !isWorker(file.path) ? ['default export'] : []))).toEqual([]);
  });

  test('are named in kebab-case, and short', () => {
    const long = ({ path, text }: SourceFile) => !isGenerated(path) && text.split('\n').length > 220;
    const misnamed = ({ path }: SourceFile) => !isGenerated(path) && !/^([a-z0-9-]+\/)*[a-z0-9-]+\.ts$/.test(path);
    expect(breaches((file) => [...(long(file) ? ['long'] : []), ...(misnamed(file) ? ['name'] : [])])).toEqual([]);
  });

  test('write to the terminal only from the command line', () => {
    const prints = ({ path, text }: SourceFile) =>
      !/^(cli\.ts|commands\/)/.test(path) && /\bconsole\.|process\.std(out|err)\.write/.test(text);
    expect(breaches((file) => (prints(file) ? ['prints'] : []))).toEqual([]);
  });
});

/** The first circle found, from a file back to it; empty when there is none. */
function findCircle(imports: ReadonlyMap<string, readonly string[]>): string[] {
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): string[] => {
    if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path];
    if (done.has(path)) return [];
    for (const next of imports.get(path) ?? []) {
      const circle = visit(next, [...trail, path]);
      if (circle.length > 0) return circle;
    }
    done.add(path);
    return [];
  };
  for (const path of imports.keys()) {
    const circle = visit(path, []);
    if (circle.length > 0) return circle;
  }
  return [];
}
