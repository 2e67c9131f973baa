/** The receipt beside a model: optional, checked, and good for exactly one build. */
import { mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { buildRandomModel } from '#octavo/models/build/build.js';
import { openModelFolder } from '#octavo/models/model-folder.js';
import { receiptSchema } from '#octavo/models/receipt/receipt.js';
import { measuredFiles, writeReceipt } from '#octavo/models/receipt/receipt-file.js';
import { temporaryFolder } from '../../support/folders.js';
import { exampleReceipt } from '../../support/receipt.js';

const folder = join(temporaryFolder(), 'model');
const manifest = await buildRandomModel({ shape: 'tiny-llama', seed: 1, out: folder, precision: 'int8' });
const receipt = { ...exampleReceipt, ...measuredFiles(manifest) };
const file = join(folder, 'receipt.json');
const open = async () => (await openModelFolder(folder)).readReceipt();

it('may be absent', async () => {
  rmSync(file, { force: true });
  expect(await open()).toBeNull();
});

it('is read with the model, and replaced whole', async () => {
  await writeReceipt(folder, { ...receipt, agreement: 0.5 });
  await writeReceipt(folder, receipt);
  expect(await open()).toEqual(receipt);
  expect(readdirSync(folder).filter((name) => name.includes('receipt'))).toEqual(['receipt.json']);
});

it.each(['graph', 'weights'] as const)('is refused when its %s is another’s', async (part) => {
  await writeReceipt(folder, { ...receipt, [part]: exampleReceipt[part] });
  await expect(open()).rejects.toMatchObject({
    code: 'invalid_model',
    message: expect.stringMatching(/receipt\.json: it was measured on another build.*octavo receipt/),
  });
});

it.each([
  ['no JSON', '{', /receipt\.json: it is not JSON/],
  ['a field that is missing', JSON.stringify({ ...receipt, agreement: undefined }), /agreement/],
  ['a share above one', JSON.stringify({ ...receipt, agreement: 1.5 }), /agreement/],
  ['characters that move a cursor', JSON.stringify({ ...receipt, provider: 'cpu\u001b[2J' }), /provider/],
  ['a field that nobody knows', JSON.stringify({ ...receipt, praise: 'best' }), /praise/],
  ['more than a receipt needs', `${JSON.stringify(receipt)}${' '.repeat(1 << 16)}`, /plain file of up to 65536 bytes/],
])('is refused with %s', async (_, text, message) => {
  writeFileSync(file, text);
  await expect(open()).rejects.toMatchObject({
    code: 'invalid_model',
    message: expect.stringMatching(message),
  });
});

it('is refused when it is a link or a folder', async () => {
  const elsewhere = join(temporaryFolder(), 'receipt.json');
  writeFileSync(elsewhere, JSON.stringify(receipt));
  rmSync(file);
  symlinkSync(elsewhere, file);
  await expect(open()).rejects.toThrow('not a plain file');
  rmSync(file);
  mkdirSync(file);
  await expect(open()).rejects.toThrow('not a plain file');
  rmSync(file, { recursive: true });
});

it('never holds numbers that JSON cannot', () => {
  const broken = { ...receipt, perplexity: { ...receipt.perplexity, model: Number.POSITIVE_INFINITY } };
  expect(receiptSchema.safeParse(broken).success).toBe(false);
});
