/** Checkpoints of one file and of several. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Checkpoint } from '#octavo/models/build/weights/checkpoint.js';
import { temporaryFolder } from '../../../support/folders.js';
import { tinyLlama, tinyTensors, writeCheckpoint } from '../../../support/tiny-checkpoint.js';

const folder = temporaryFolder();
const tensors = tinyTensors(tinyLlama);
const indexName = 'model.safetensors.index.json';

it.each([1, 3])('finds every tensor in %i file(s)', async (shards) => {
  const checkpoint = await Checkpoint.open(writeCheckpoint(join(folder, `shards-${shards}`), {}, tensors, shards));
  for (const [name, { shape, values }] of Object.entries(tensors)) {
    checkpoint.expect(name, shape);
    const read = await checkpoint.read(name, 0, values.length);
    expect(Buffer.from(read.buffer).equals(Buffer.from(values.buffer)), name).toBe(true);
  }
  await checkpoint.close();
});

it('names a missing tensor and a wrong shape', async () => {
  const checkpoint = await Checkpoint.open(writeCheckpoint(join(folder, 'shapes'), {}, tensors));
  expect(() => checkpoint.expect('lm_head.weight', [96, 64])).toThrow('no tensor lm_head.weight, shape [96,64]');
  expect(() => checkpoint.expect('model.norm.weight', [65])).toThrow(
    'model.norm.weight has shape [64]; config.json asks for [65]',
  );
  await checkpoint.close();
});

it.each([
  ['a path out of the folder', '../other/model.safetensors', /weight_map/],
  ['a hidden file', '.model.safetensors', /weight_map/],
  ['a file that is not there', 'model-2.safetensors', /cannot be read/],
  ['a file without the tensor', 'model-00001-of-00002.safetensors', /does not have it/],
])('refuses an index with %s', async (_, file, message) => {
  const path = writeCheckpoint(join(folder, 'index'), {}, tensors, 2);
  writeFileSync(join(path, indexName), JSON.stringify({ weight_map: { nothing: file } }));
  await expect(Checkpoint.open(path)).rejects.toMatchObject({
    code: 'invalid_model',
    message: expect.stringMatching(message),
  });
  rmSync(path, { recursive: true });
});

it('says what a folder without weights lacks', async () => {
  await expect(Checkpoint.open(temporaryFolder())).rejects.toThrow('neither model.safetensors nor');
});
