/** The embedded model, as committed, against greedy text of an independent FP32 implementation. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { manifestSchema } from '#octavo/models/manifest.js';
import { percent } from '#octavo/models/receipt/percent.js';
import { receiptSchema } from '#octavo/models/receipt/receipt.js';
import { OnnxDecoder } from '../../support/onnx-decoder.js';

const folder = 'models/concierge';
const { cases } = JSON.parse(readFileSync(join(folder, 'golden.json'), 'utf8')) as {
  cases: { prompt_ids: number[]; greedy_ids: number[] }[];
};

it('chooses the same next token as FP32 for at least 95% of the golden text', async () => {
  const decoder = await OnnxDecoder.open(folder, { keep: 0 });
  let [same, all] = [0, 0];
  for (const { prompt_ids: prompt, greedy_ids: continuation } of cases) {
    same += await decoder.agreement(prompt, continuation);
    all += continuation.length;
  }
  expect(all).toBeGreaterThan(250);
  expect(same / all).toBeGreaterThanOrEqual(0.95);
});

it('has a card whose figures are those of its receipt', () => {
  const card = readFileSync(join(folder, 'MODEL_CARD.md'), 'utf8');
  const receipt = receiptSchema.parse(JSON.parse(readFileSync(join(folder, 'receipt.json'), 'utf8')));
  if (receipt.task !== 'generate') throw new Error('It generates text.');
  const { perplexity, agreement, text, disk } = receipt;
  const predictions = `(${text.predictions.toLocaleString('en')} predictions)`;
  const change = `${perplexity.model.toFixed(4)} (+${percent(perplexity.change)})`;
  const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
  expect(card).toContain(`${predictions} | ${perplexity.reference.toFixed(4)} | ${change} |`);
  expect(card).toContain(`on the same text | | ${percent(agreement)} |`);
  expect(card).toContain(`| ${megabytes(disk.reference)} | ${megabytes(disk.model)} |`);
});

it('is exactly what its manifest lists', () => {
  const manifest = manifestSchema.parse(JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')));
  for (const { path, bytes, sha256 } of manifest.files) {
    const content = readFileSync(join(folder, path));
    expect([path, content.length, createHash('sha256').update(content).digest('hex')]).toEqual([path, bytes, sha256]);
  }
});
