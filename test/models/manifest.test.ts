/** The manifest's schema: the paths that it lets a folder name, and the bounds of its numbers. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Manifest, manifestSchema } from '#octavo/models/manifest.js';
import { embeddedModel } from '../support/concierge.js';

const committed = manifestSchema.parse(JSON.parse(readFileSync(join(embeddedModel, 'manifest.json'), 'utf8')));
const [someFile] = committed.files as [Manifest['files'][number]];

const accepts = (changes: object) => manifestSchema.safeParse({ ...committed, ...changes }).success;
const acceptsFile = (changes: object) => accepts({ files: [{ ...someFile, ...changes }] });
const acceptsShape = (changes: object) => accepts({ shape: { ...committed.shape, ...changes } });

describe('paths', () => {
  test.each(['model.onnx', 'onnx/model.onnx_data', 'a/b/c/d.json', '.gitattributes', 'a..b/c.', '...'])(
    '%s',
    (path) => {
      expect(acceptsFile({ path })).toBe(true);
    },
  );

  test.each([
    '',
    '.',
    '..',
    '/etc/passwd',
    '../model.onnx',
    'onnx/../../model.onnx',
    'onnx/..',
    './model.onnx',
    'onnx//model.onnx',
    'onnx/',
    'onnx\\model.onnx',
    '..\\model.onnx',
    'C:model.onnx',
    'model.onnx\n',
    'model\0.onnx',
    'a b',
    '%2e%2e/model.onnx',
    'é.json',
  ])('not %j', (path) => {
    expect(acceptsFile({ path })).toBe(false);
  });
});

test.each<[string, object, boolean]>([
  ['size zero', { bytes: 0 }, true],
  ['a negative size', { bytes: -1 }, false],
  ['half a byte', { bytes: 0.5 }, false],
  ['a hash in capitals', { sha256: someFile.sha256.toUpperCase() }, false],
  ['a hash of another length', { sha256: someFile.sha256.slice(1) }, false],
  ['a field that is not known', { mode: 0o777 }, false],
])('files: %s', (_, changes, accepted) => {
  expect(acceptsFile(changes)).toBe(accepted);
});

test.each<[string, object, boolean]>([
  ['no layers', { layers: 0 }, false],
  ['more heads than can be', { heads: 4097 }, false],
  ['a context beyond the tables', { context: 2 ** 23 }, false],
  ['half a head', { kvHeads: 0.5 }, false],
  ['a field that is not known', { experts: 8 }, false],
])('shape: %s', (_, changes, accepted) => {
  expect(acceptsShape(changes)).toBe(accepted);
});

test.each<[string, object, boolean]>([
  ['another format', { format: 2 }, false],
  ['another precision', { precision: 'int4' }, false],
  ['FP32', { precision: 'fp32' }, true],
  ['a name with a slash', { name: 'a/b' }, false],
  ['an empty name', { name: '' }, false],
  ['a name that begins with a dot', { name: '.a' }, false],
  ['no end tokens', { endTokens: [] }, true],
  ['a negative end token', { endTokens: [-1] }, false],
  ['no files', { files: [] }, false],
  ['a cache in int8', { kvCache: 'int8' }, true],
  ['one of another type', { kvCache: 'int4' }, false],
  ['one in int8 beside float16', { kvCache: 'int8', precision: 'fp16' }, false],
  ['one in int8 of an encoder-decoder', { kvCache: 'int8', encoder: { graph: 'a', startToken: 0 } }, false],
  ['one in int8 of an embedder', { kvCache: 'int8', task: 'embed' }, false],
  ['a field that is not known', { script: 'run.sh' }, false],
])('folder: %s', (_, changes, accepted) => {
  expect(accepts(changes)).toBe(accepted);
});
