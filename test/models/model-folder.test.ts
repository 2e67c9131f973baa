/** A model folder opens only as it was built: each file of the manifest, plain, whole and unchanged. */
import { createHash } from 'node:crypto';
import { linkSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Manifest } from '#octavo/models/manifest.js';
import { openModelFolder } from '#octavo/models/model-folder.js';
import { temporaryFolder } from '../support/folders.js';
import { onnxFile } from '../support/onnx-wire.js';

const parent = temporaryFolder();
/** All of its bytes are ASCII. */
const graphText = onnxFile().toString('latin1');
const contents: Readonly<Record<string, string>> = {
  'onnx/model.onnx': graphText,
  'tokenizer.json': '{"version":"1.0"}',
  'notes.txt': 'words',
  'list.json': '[1]',
  'broken.json': '{',
};

function manifestOf(changes: Partial<Manifest> = {}): Manifest {
  const files = Object.entries(contents).map(([path, text]) => ({
    path,
    bytes: text.length,
    sha256: createHash('sha256').update(text).digest('hex'),
  }));
  const shape = { layers: 1, hidden: 8, heads: 2, kvHeads: 1, headDim: 4, vocab: 10, context: 16 };
  const [format, precision, task, graph] = [1, 'int8', 'generate', 'onnx/model.onnx'] as const;
  const shown = { format, name: 'tiny', architecture: 'llama', precision, task, graph };
  const plain = { ...shown, builder: '0', shape, endTokens: [] };
  return { ...plain, files, ...changes };
}

/** A folder with every file, and a manifest that differs by `changes`. */
function write(changes: Partial<Manifest> = {}): string {
  const folder = mkdtempSync(join(parent, 'model-'));
  mkdirSync(join(folder, 'onnx'));
  for (const [path, text] of Object.entries(contents)) writeFileSync(join(folder, path), text);
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify(manifestOf(changes)));
  return folder;
}

describe('an intact folder', () => {
  test('tells its manifest, its graph and when it was written', async () => {
    const folder = write();
    utimesSync(join(folder, 'manifest.json'), 0, 1_700_000_000.9);
    const opened = await openModelFolder(folder);
    expect(opened.manifest).toEqual(manifestOf());
    expect(opened.graph).toBe(join(folder, 'onnx/model.onnx'));
    expect(opened.created).toBe(1_700_000_000);
  });

  test('reads the files of the manifest and no others', async () => {
    const folder = write();
    writeFileSync(join(folder, 'secret.json'), '{}');
    const opened = await openModelFolder(folder);
    expect(await opened.readText('notes.txt')).toBe('words');
    expect(await opened.readJson('tokenizer.json')).toEqual({ version: '1.0' });
    for (const name of ['secret.json', 'none.json', '../secret.json', 'manifest.json']) {
      expect(await opened.readText(name)).toBeNull();
      expect(await opened.readJson(name)).toBeNull();
    }
  });

  test.each([
    ['list.json', 'must hold a JSON object'],
    ['broken.json', 'is not valid JSON'],
    ['notes.txt', 'is not valid JSON'],
  ])('says of %s that it %s', async (name, fault) => {
    const opened = await openModelFolder(write());
    await expect(opened.readJson(name)).rejects.toMatchObject({
      code: 'invalid_model',
      message: expect.stringMatching(`${name} ${fault}\\.$`),
    });
  });

  test('may hold hard links, as package stores make them', async () => {
    const folder = write();
    renameSync(join(folder, 'notes.txt'), join(folder, 'stored'));
    linkSync(join(folder, 'stored'), join(folder, 'notes.txt'));
    expect(await (await openModelFolder(folder)).readText('notes.txt')).toBe('words');
  });
});

describe('refused, with the file and the reason', () => {
  const graph = (folder: string) => join(folder, 'onnx/model.onnx');

  test.each<[string, (folder: string) => void, RegExp]>([
    ['no folder', (folder) => rmSync(folder, { recursive: true }), /^No model at .*model-.*: it has no manifest\.json/],
    [
      'no manifest',
      (folder) => rmSync(join(folder, 'manifest.json')),
      /no manifest\.json\. Build one with "octavo build"/,
    ],
    [
      'a manifest that is no JSON',
      (folder) => writeFileSync(join(folder, 'manifest.json'), '{'),
      /manifest\.json is not valid JSON/,
    ],
    [
      'a manifest of another kind',
      (folder) => writeFileSync(join(folder, 'manifest.json'), '{}'),
      /manifest\.json: .*format/s,
    ],
    ['a missing file', (folder) => rmSync(graph(folder)), /model\.onnx: it is missing/],
    [
      'a file with more bytes',
      (folder) => writeFileSync(graph(folder), `${graphText}s`),
      new RegExp(`it has ${graphText.length + 1} bytes, the manifest says ${graphText.length}`),
    ],
    [
      'a file with fewer bytes',
      (folder) => writeFileSync(graph(folder), graphText.slice(1)),
      new RegExp(`it has ${graphText.length - 1} bytes, the manifest says ${graphText.length}`),
    ],
    [
      'a file with other bytes',
      (folder) => writeFileSync(graph(folder), graphText.replace('x', 'z')),
      /model\.onnx: its content is not what was built/,
    ],
    [
      'a symbolic link, even to the same content',
      (folder) => {
        renameSync(graph(folder), join(folder, 'elsewhere'));
        symlinkSync(join(folder, 'elsewhere'), graph(folder));
      },
      /model\.onnx: it is not a plain file/,
    ],
    [
      'a folder in place of a file',
      (folder) => {
        rmSync(graph(folder));
        mkdirSync(graph(folder));
      },
      /model\.onnx: it is not a plain file/,
    ],
  ])('%s', async (_, damage, message) => {
    const folder = write();
    damage(folder);
    await expect(openModelFolder(folder)).rejects.toMatchObject({
      code: 'invalid_model',
      message: expect.stringMatching(message),
    });
  });

  test('a graph that is not among the files', async () => {
    await expect(openModelFolder(write({ graph: 'other.onnx' }))).rejects.toThrow(
      /graph "other\.onnx" is not among its files/,
    );
  });

  test('an encoder’s graph that is not among the files, and a start token that is no token', async () => {
    const graph = 'onnx/model.onnx';
    const [absent, beyond] = [
      { graph: 'other.onnx', startToken: 0 },
      { graph, startToken: 10 },
    ];
    await expect(openModelFolder(write({ encoder: absent }))).rejects.toThrow(/graph "other\.onnx" is not among/);
    await expect(openModelFolder(write({ encoder: beyond }))).rejects.toThrow(/not a token of the vocabulary/);
    expect((await openModelFolder(write({ encoder: { graph, startToken: 9 } }))).encoderGraph).toMatch(/model\.onnx$/);
  });

  test('a path that leaves the folder is not even looked at', async () => {
    const [file] = manifestOf().files as [Manifest['files'][number]];
    const folder = write({ files: [file, { ...file, path: '../../etc/passwd' }] });
    await expect(openModelFolder(folder)).rejects.toThrow(/not a plain relative path/);
  });
});
