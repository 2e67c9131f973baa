/** The receipt beside a model: optional, checked, and good for exactly one build. */
import { mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { buildModel, buildRandomModel } from '#octavo/models/build/build.js';
import { openModelFolder } from '#octavo/models/model-folder.js';
import { receiptSchema } from '#octavo/models/receipt/receipt.js';
import { measuredFiles, writeReceipt } from '#octavo/models/receipt/receipt-file.js';
import { temporaryFolder } from '../../support/folders.js';
import { exampleReceipt, vectorReceipt } from '../../support/receipt.js';

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

it('of the first form, without a task, is of a model that generates text', async () => {
  writeFileSync(file, JSON.stringify({ ...receipt, task: undefined }));
  expect(await open()).toEqual(receipt);
  expect(await (await openModelFolder('models/concierge')).readReceipt()).toMatchObject({ task: 'generate' });
});

it('of another task has other figures', async () => {
  writeFileSync(file, JSON.stringify({ ...vectorReceipt, ...measuredFiles(manifest) }));
  expect(await open()).toMatchObject({ task: 'embed', neighbours: { overlap: 0.96 } });
  writeFileSync(file, JSON.stringify({ ...receipt, task: 'embed' }));
  await expect(open()).rejects.toThrow(/cosine/);
  writeFileSync(file, JSON.stringify({ ...receipt, task: 'sing' }));
  await expect(open()).rejects.toThrow(/task/);
});

it('of an encoder-decoder is tied to both graphs', async () => {
  const t5 = join(temporaryFolder(), 't5');
  const built = await buildModel({ source: 'test/fixtures/encoder-decoders/t5', out: t5, precision: 'int8' });
  const own = { ...exampleReceipt, ...measuredFiles(built) };
  expect(own.encoder?.weights).toMatch(/^[0-9a-f]{64}$/);
  await writeReceipt(t5, own);
  expect(await (await openModelFolder(t5)).readReceipt()).toEqual(own);
  await writeReceipt(t5, { ...own, encoder: { graph: 'a'.repeat(64), weights: own.encoder?.weights ?? '' } });
  await expect((await openModelFolder(t5)).readReceipt()).rejects.toThrow('measured on another build');
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
