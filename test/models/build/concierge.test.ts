/** The embedded model, as committed, against greedy text of an independent FP32 implementation. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { manifestSchema } from '#octavo/models/manifest.js';
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

it('is exactly what its manifest lists', () => {
  const manifest = manifestSchema.parse(JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')));
  for (const { path, bytes, sha256 } of manifest.files) {
    const content = readFileSync(join(folder, path));
    expect([path, content.length, createHash('sha256').update(content).digest('hex')]).toEqual([path, bytes, sha256]);
  }
});
