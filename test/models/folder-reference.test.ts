/** What names a model on this machine: a folder, a folder and a variant, never a drive and a variant. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parseFolder } from '#octavo/models/folder-reference.js';
import { temporaryFolder } from '../support/folders.js';

it.each([
  ['./model', './model', null],
  ['./model:int8', './model', 'int8'],
  ['model:q4f16', 'model', 'q4f16'],
  ['C:\\model', 'C:\\model', null],
  ['C:/model', 'C:/model', null],
  ['C:\\model:fp32', 'C:\\model', 'fp32'],
  ['\\\\server\\share\\model:q4', '\\\\server\\share\\model', 'q4'],
  ['model:', 'model:', null],
  ['model:Int8', 'model:Int8', null],
  ['model:../x', 'model:../x', null],
  [':int8', ':int8', null],
])('%s', async (text, folder, variant) => {
  expect(await parseFolder(text)).toEqual({ folder, variant });
});

it('a folder of just that name', async () => {
  const folder = join(temporaryFolder(), 'model:int8');
  mkdirSync(folder);
  expect(await parseFolder(folder)).toEqual({ folder, variant: null });
  expect(await parseFolder(`${folder}:q4`)).toEqual({ folder, variant: 'q4' });
});
