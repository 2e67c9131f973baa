/** What a built graph computes, against a forward pass written for reading; and what it promises about batches. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { buildModel } from '#octavo/models/build/build.js';
import { temporaryFolder } from '../../../support/folders.js';
import { OnnxDecoder } from '../../../support/onnx-decoder.js';
import { randomValues } from '../../../support/random-values.js';
import { referenceLogits } from '../../../support/reference-decoder.js';
import { type TinyConfig, tinyLlama, tinyTensors, writeCheckpoint } from '../../../support/tiny-checkpoint.js';

const root = temporaryFolder();

const variants: Readonly<Record<string, TinyConfig>> = {
  'llama, tied': tinyLlama,
  'llama, untied, rotary outside of attention (head 8)': {
    ...tinyLlama,
    num_attention_heads: 8,
    tie_word_embeddings: false,
  },
  'llama with attention and MLP biases': { ...tinyLlama, attention_bias: true, mlp_bias: true },
  'qwen2: query, key and value biases': { ...tinyLlama, model_type: 'qwen2', rope_theta: 1_000_000 },
};

const prompt = tokens(12, 1);

describe.each(Object.entries(variants))('%s', (name, config) => {
  const tensors = tinyTensors(config);
  const source = writeCheckpoint(join(root, name), config, tensors);
  const expected = Float32Array.from(referenceLogits(config, tensors, prompt).flatMap((row) => [...row]));

  it('equals the formula in fp32, whole and token by token', async () => {
    const out = join(root, `${name}-fp32`);
    await buildModel({ source, out, precision: 'fp32', name: 'tiny' });
    const decoder = await OnnxDecoder.open(out, { keep: 0 });
    const whole = await decoder.run({ rows: [prompt] });
    expect(whole.dims).toEqual([1, 12, 96]);
    expect(largestDifference(whole.logits, expected)).toBeLessThan(1e-4);

    let run = await decoder.run({ rows: [prompt.slice(0, 8)] });
    for (let length = 8; length < 12; length++) {
      run = await decoder.run({ rows: [[prompt[length]!]], past: { present: run.present, lengths: [length] } });
      expect(largestDifference(run.logits, expected.subarray(length * 96, (length + 1) * 96))).toBeLessThan(1e-4);
    }
  });

  it.each([
    ['8-bit', false, 0.04],
    ['7-bit', true, 0.06],
  ])('stays close to the formula with %s weights', async (bits, reduceRange, bound) => {
    const out = join(root, `${name}-${bits}`);
    await buildModel({ source, out, precision: 'int8', name: 'tiny', reduceRange });
    const decoder = await OnnxDecoder.open(out, { keep: 0 });
    const { logits } = await decoder.run({ rows: [prompt] });
    expect(relativeError(logits, expected)).toBeLessThan(bound);
  });

  it('gives a row the same bits alone and right-padded beside others', async () => {
    const out = join(root, `${name}-rows`);
    await buildModel({ source, out, precision: 'int8', name: 'tiny' });
    const decoder = await OnnxDecoder.open(out, { keep: 1 });
    const rows = [prompt, tokens(3, 2), tokens(7, 3), tokens(1, 4)];
    const batch = await decoder.run({ rows });
    expect(batch.dims).toEqual([4, 1, 96]);
    for (const [index, row] of rows.entries()) {
      const alone = await decoder.run({ rows: [row] });
      expect([...batch.logits.subarray(index * 96, (index + 1) * 96)]).toEqual([...alone.logits]);
    }
  });
});

it('keeps only the last position when asked, also of a later chunk', async () => {
  const source = writeCheckpoint(join(root, 'keep'), tinyLlama, tinyTensors(tinyLlama));
  const out = join(root, 'keep-int8');
  await buildModel({ source, out, precision: 'int8' });
  const [all, last] = [await OnnxDecoder.open(out, { keep: 0 }), await OnnxDecoder.open(out, { keep: 1 })];
  expect(all.inputNames).not.toContain('num_logits_to_keep');
  const whole = await all.run({ rows: [prompt] });
  const first = await last.run({ rows: [prompt.slice(0, 5)] });
  expect([...first.logits]).toEqual([...whole.logits.subarray(4 * 96, 5 * 96)]);
  const later = await last.run({ rows: [prompt.slice(5)], past: { present: first.present, lengths: [5] } });
  expect(later.dims).toEqual([1, 1, 96]);
  expect([...later.logits]).toEqual([...whole.logits.subarray(11 * 96)]);
});

it('computes zeros from a token whose embedding is zeros, and leaves the other rows alone', async () => {
  const tensors = tinyTensors({ ...tinyLlama, tie_word_embeddings: false });
  const words = tensors['model.embed_tokens.weight']!;
  words.values.fill(0, 0, words.shape[1]);
  const source = writeCheckpoint(join(root, 'zeros'), { ...tinyLlama, tie_word_embeddings: false }, tensors);
  const out = join(root, 'zeros-int8');
  await buildModel({ source, out, precision: 'int8' });
  const decoder = await OnnxDecoder.open(out, { keep: 1 });
  const both = await decoder.run({ rows: [prompt, [0, 0]] });
  expect([...both.logits.subarray(96)].every((logit) => logit === 0)).toBe(true);
  const alone = await decoder.run({ rows: [prompt] });
  expect([...both.logits.subarray(0, 96)]).toEqual([...alone.logits]);
  expect(alone.logits.every(Number.isFinite)).toBe(true);
});

function tokens(count: number, seed: number): readonly number[] {
  return Array.from(randomValues(count, 48, seed), (value) => Math.floor(value) + 48);
}

function largestDifference(a: Float32Array, b: Float32Array): number {
  return a.reduce((largest, value, i) => Math.max(largest, Math.abs(value - b[i]!)), 0);
}

/** Root mean square of the difference, in units of the expected values' own. */
function relativeError(actual: Float32Array, expected: Float32Array): number {
  const square = (values: Float32Array) => values.reduce((sum, value) => sum + value * value, 0);
  return Math.sqrt(square(actual.map((value, i) => value - expected[i]!)) / square(expected));
}
