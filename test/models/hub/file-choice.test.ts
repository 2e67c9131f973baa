/** Which files of a repository are fetched, and what a name for a model may be. */
import { describe, expect, it } from 'vitest';
import { chooseFiles } from '#octavo/models/hub/file-choice.js';
import { checkWrittenPaths } from '#octavo/models/hub/file-path.js';
import { formatReference, parseReference } from '#octavo/models/hub/model-reference.js';

const toFile = (path: string) => ({ path, bytes: 1, hash: { algorithm: 'git-sha1', hex: '0' } }) as const;
const choose = (reference: string, paths: readonly string[]) =>
  chooseFiles(['config.json', ...paths].map(toFile), parseReference(reference))
    .map(({ path }) => path)
    .filter((path) => path !== 'config.json');

describe('the files of', () => {
  const sharded = [
    'model-00001-of-00002.safetensors',
    'model-00002-of-00002.safetensors',
    'model.safetensors.index.json',
  ];
  const onnx = ['onnx/model.onnx', 'onnx/model.onnx_data', 'onnx/model.onnx_data_1', 'onnx/model_q4.onnx'];
  const seq2seq = ['onnx/encoder_model_int8.onnx', 'onnx/decoder_model_merged_int8.onnx'];

  it.each([
    ['a/b', ['model.safetensors', ...sharded, 'pytorch_model.bin'], ['model.safetensors']],
    ['a/b', [...sharded, 'consolidated.safetensors', ...onnx], sharded],
    [
      'a/b',
      ['model.safetensors', '1_Pooling/config.json', 'modules.json', 'run/config.json'],
      ['model.safetensors', '1_Pooling/config.json', 'modules.json'],
    ],
    ['a/b:fp32', onnx, onnx.slice(0, 3)],
    ['a/b:q4', [...onnx, 'model.safetensors'], ['onnx/model_q4.onnx']],
    ['a/b:int8', ['onnx/model_quantized.onnx', 'onnx/model_int8.onnx'], ['onnx/model_int8.onnx']],
    [
      'a/b:int8',
      ['onnx/model_quantized.onnx', 'onnx/model_quantized.onnx_data'],
      ['onnx/model_quantized.onnx', 'onnx/model_quantized.onnx_data'],
    ],
    ['a/b:fp16', ['model_fp16.onnx'], ['model_fp16.onnx']],
    ['a/b:int8', [...seq2seq, 'onnx/decoder_model_int8.onnx'], seq2seq],
  ])('%s from %j', (reference, paths, expected) => {
    expect(choose(reference, paths)).toEqual(expected);
  });

  it.each([
    [
      'a/b',
      ['pytorch_model.bin'],
      /a\/b has no safetensors\. It has pickled weights, which can run code .* never fetched\.$/,
    ],
    ['a/b', onnx, /no safetensors\. It has ONNX files; choose with a\/b:<variant>, of fp32, q4\.$/],
    ['a/b:q8', onnx, /no ONNX files of the variant "q8"\. .* of fp32, q4\.$/],
    ['a/b:q8', ['model.safetensors'], /It has none of any variant\.$/],
  ])('%s are refused from %j', (reference, paths, message) => {
    expect(() => choose(reference, paths)).toThrow(message);
  });

  it('a repository without a configuration are refused', () => {
    expect(() => chooseFiles([toFile('model.safetensors')], parseReference('a/b'))).toThrow(/no config\.json/);
  });
});

describe('a written path', () => {
  it.each(['con.safetensors', 'a/NUL', 'aux.json', 'lpt1', 'name.', '...', 'a b', 'é', '-'.repeat(201)])(
    'is not %j',
    (path) => expect(() => checkWrittenPaths([path])).toThrow(/not every system can hold/),
  );

  it('is not the same as another on a system that folds case', () => {
    expect(() => checkWrittenPaths(['README.md', 'readme.md'])).toThrow(/differ in case/);
    expect(() => checkWrittenPaths(['README.md', 'onnx/README.md', 'console.json'])).not.toThrow();
  });
});

describe('the name of a model', () => {
  it.each([
    ['Qwen/Qwen2.5-0.5B', { repository: 'Qwen/Qwen2.5-0.5B', revision: 'main', variant: null }],
    ['gpt2', { repository: 'gpt2', revision: 'main', variant: null }],
    ['a/b@refs/pr/1:q4f16', { repository: 'a/b', revision: 'refs/pr/1', variant: 'q4f16' }],
    ['a/b@v1.0', { repository: 'a/b', revision: 'v1.0', variant: null }],
  ])('%s', (text, expected) => {
    expect(parseReference(text)).toEqual(expected);
    expect(formatReference(parseReference(text))).toBe(text);
  });

  it.each([
    '',
    'a/b/c',
    '../b',
    'a/..',
    'a/b@',
    'a/b@../x',
    'a/b@x/../y',
    'a/b:',
    'a/b:../x',
    'a b/c',
    'https://hub/a/b',
    'a/b?x',
    'a/b#x',
  ])('is not %j', (text) => expect(() => parseReference(text)).toThrow(/does not name a model; expected org\/name/));
});
