/** A folder appears whole under its name, or not at all. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { OutputFolder } from '#octavo/models/build/folder/output-folder.js';
import { temporaryFolder } from '../../../support/folders.js';

const bytes = (text: string) => new TextEncoder().encode(text);

it('shows nothing before commit and everything after', async () => {
  const root = temporaryFolder();
  const out = join(root, 'deep', 'model');
  const folder = await OutputFolder.create(out, false);
  await folder.write('onnx/a.bin', bytes('abc'));
  expect(existsSync(out)).toBe(false);
  await folder.commit();
  await folder.discard();
  expect(readFileSync(join(out, 'onnx/a.bin'), 'utf8')).toBe('abc');
  expect(readdirSync(join(root, 'deep'))).toEqual(['model']);
});

it('gives bytes and SHA-256 of each file, sorted by path', async () => {
  const folder = await OutputFolder.create(join(temporaryFolder(), 'model'), false);
  await folder.write('b', bytes('bb'));
  await folder.write('a', bytes(''));
  await folder.discard();
  const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
  expect(folder.files).toEqual([
    { path: 'a', bytes: 0, sha256: sha256('') },
    { path: 'b', bytes: 2, sha256: sha256('bb') },
  ]);
});

it('leaves nothing behind when discarded', async () => {
  const root = temporaryFolder();
  const folder = await OutputFolder.create(join(root, 'model'), false);
  await folder.write('a', bytes('abc'));
  await folder.discard();
  expect(readdirSync(root)).toEqual([]);
});

it('refuses an existing folder, also one that appeared meanwhile', async () => {
  const root = temporaryFolder();
  const out = join(root, 'model');
  const folder = await OutputFolder.create(out, false);
  mkdirSync(out);
  await expect(OutputFolder.create(out, false)).rejects.toMatchObject({ code: 'invalid_config' });
  await expect(folder.commit()).rejects.toMatchObject({ code: 'invalid_config' });
  await folder.discard();
  expect(readdirSync(root)).toEqual(['model']);
});

it('replaces a model folder when told to, and nothing else', async () => {
  const root = temporaryFolder();
  const out = join(root, 'model');
  mkdirSync(out);
  writeFileSync(join(out, 'diary.txt'), 'dear diary');
  await expect(OutputFolder.create(out, true)).rejects.toThrow('is not a model folder');
  writeFileSync(join(out, 'manifest.json'), '{}');
  const folder = await OutputFolder.create(out, true);
  await folder.write('manifest.json', bytes('{"new":true}'));
  await folder.commit();
  expect(readdirSync(out)).toEqual(['manifest.json']);
  expect(readdirSync(root)).toEqual(['model']);
});
