/** Built from the FP32 checkpoints: greedy text equal to other implementations', and how near INT8 comes. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { buildModel } from '#octavo/models/build/build.js';
import { temporaryFolder } from '../../support/folders.js';
import { OnnxDecoder } from '../../support/onnx-decoder.js';

interface Golden {
  readonly prompt: readonly number[];
  readonly continuation: readonly number[];
}

const models = '../shared/models';
const root = temporaryFolder();
const json = (path: string): unknown => JSON.parse(readFileSync(join(models, path), 'utf8'));

const golden: Readonly<Record<string, readonly Golden[]>> = {
  concierge: (json('concierge/golden.json') as { cases: { prompt_ids: number[]; greedy_ids: number[] }[] }).cases.map(
    (one) => ({ prompt: one.prompt_ids, continuation: one.greedy_ids }),
  ),
  stories260K: [
    {
      prompt: (json('stories260K/golden_greedy_200_ids.json') as number[]).slice(0, 1),
      continuation: (json('stories260K/golden_greedy_200_ids.json') as number[]).slice(1),
    },
  ],
};

describe.each(Object.entries(golden))('%s', (name, cases) => {
  it('says the golden text in FP32, token for token', async () => {
    const out = join(root, `${name}-fp32`);
    await buildModel({ source: join(models, name), out, precision: 'fp32' });
    const decoder = await OnnxDecoder.open(out, { keep: 1 });
    for (const { prompt, continuation } of cases) {
      expect(await decoder.greedy(prompt, continuation.length)).toEqual(continuation);
    }
  });

  it('chooses the same next token in INT8 for at least 95% of it', async () => {
    const out = join(root, `${name}-int8`);
    await buildModel({ source: join(models, name), out, precision: 'int8' });
    const decoder = await OnnxDecoder.open(out, { keep: 0 });
    let [same, all] = [0, 0];
    for (const { prompt, continuation } of cases) {
      same += await decoder.agreement(prompt, continuation);
      all += continuation.length;
    }
    expect(same / all).toBeGreaterThanOrEqual(0.95);
  });

  it('gives each prompt the same bits alone and right-padded beside the others in INT8', async () => {
    const out = join(root, `${name}-rows`);
    const { shape } = await buildModel({ source: join(models, name), out, precision: 'int8' });
    const decoder = await OnnxDecoder.open(out, { keep: 1 });
    // Prompts of different lengths: the golden ones, each with some of its continuation.
    const rows = Array.from({ length: 6 }, (_, i) => {
      const { prompt, continuation } = cases[i % cases.length]!;
      return [...prompt, ...continuation].slice(0, 5 + 6 * i);
    });
    const batch = await decoder.run({ rows });
    for (const [index, row] of rows.entries()) {
      const alone = await decoder.run({ rows: [row] });
      const beside = batch.logits.subarray(index * shape.vocab, (index + 1) * shape.vocab);
      expect(Buffer.from(beside.slice().buffer).equals(Buffer.from(alone.logits.slice().buffer)), `row ${index}`).toBe(
        true,
      );
    }
  });
});

it('quantises to the weights that are committed, byte for byte', async () => {
  const committed = JSON.parse(readFileSync('models/concierge/manifest.json', 'utf8')) as { files: { path: string }[] };
  const out = join(root, 'concierge-again');
  const manifest = await buildModel({ source: join(models, 'concierge'), out, precision: 'int8', name: 'concierge' });
  const weights = (files: readonly { path: string }[]) => files.filter((file) => file.path.endsWith('.onnx_data'));
  expect(weights(manifest.files)).toEqual(weights(committed.files));
});
