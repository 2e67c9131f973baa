/** Whole receipts of encoders and encoder-decoders: against another runtime, of damaged builds, and mended ones. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { buildModel } from '#octavo/models/build/build.js';
import { loadEncoderTokenizer } from '#octavo/models/load-encoder.js';
import { buildMeasured } from '#octavo/models/measured-build.js';
import { openModelFolder } from '#octavo/models/model-folder.js';
import { measureQuality, measureReceipt } from '#octavo/models/receipt/measure.js';
import { type Figures, type Receipt, receiptSchema } from '#octavo/models/receipt/receipt.js';
import { type Edit, editCheckpoint } from '../../support/edited-checkpoint.js';
import { temporaryFolder } from '../../support/folders.js';
import { OnnxEncoder } from '../../support/onnx-encoder.js';
import { ofTask } from '../../support/receipt.js';

const root = temporaryFolder();
const setting = { text: null, tokens: null, runtime: 'auto', device: 'cpu', threads: 1 } as const;
const fixture = (name: string) => join('test/fixtures', name.startsWith('t5') ? 'encoder-decoders' : 'encoders', name);

async function build(source: string, name: string, precision: 'fp32' | 'int8' | 'int4-weight'): Promise<string> {
  const out = join(root, name);
  await buildModel({ source, out, precision, force: true });
  return out;
}

/** An INT8 build of the fixture, with some weights changed before, and FP32 as it should be. */
async function buildPair(name: string, edits: readonly Edit[] = []) {
  const source = editCheckpoint(fixture(name), join(root, `${name}-edited`), edits);
  return { reference: await build(fixture(name), 'fp32', 'fp32'), model: await build(source, 'int8', 'int8') };
}

/** The figures that such a pair has in its receipt. */
async function measure(name: string, edits: readonly Edit[] = [], options: object = {}): Promise<Figures> {
  const { quality } = await measureQuality({ ...setting, ...(await buildPair(name, edits)), ...options }, () => {});
  return quality.figures;
}

async function measureWhole(name: string, options: object = {}): Promise<Receipt> {
  const receipt = await measureReceipt({ ...setting, ...(await buildPair(name)), ...options });
  expect(receiptSchema.parse(receipt)).toEqual(receipt);
  return receipt;
}

/** One of these layers computes nothing any more. */
const damage = (tensor: string): readonly Edit[] => [{ tensor, value: 0 }];
/** The input of the last down projection has a channel that counts for nothing, a thousand times as large as the others. */
const outlier: readonly Edit[] = [
  { tensor: 'encoder.layer.1.intermediate.dense.bias', column: 0, value: 1000 },
  { tensor: 'encoder.layer.1.output.dense.weight', column: 0, value: 0 },
];

describe('a receipt of a model that embeds', () => {
  it('has the cosines that another runtime’s vectors give', async () => {
    const lines = ['one line', 'another line of text', 'a third', 'the fourth line, and the last'];
    const file = join(root, 'lines.txt');
    writeFileSync(file, lines.join('\n'));
    const receipt = ofTask('embed', await measure('bert', [], { text: file }));
    const built = await openModelFolder(join(root, 'int8'));
    const tokenizer = await loadEncoderTokenizer(built, built.manifest.shape.vocab);
    const [slow, fast] = [await OnnxEncoder.open(join(root, 'fp32')), await OnnxEncoder.open(join(root, 'int8'))];
    let [sum, lowest] = [0, 1];
    for (const line of lines) {
      const ids = tokenizer.cut(await tokenizer.encode(line, { addSpecialTokens: true }), 40);
      const vector = async (model: OnnxEncoder) =>
        (await model.run([ids], ids.length)).sentence_embedding?.(0, ids.length) ?? [];
      const cosine = cosineOf(await vector(slow), await vector(fast));
      [sum, lowest] = [sum + cosine, Math.min(lowest, cosine)];
    }
    await tokenizer.close();
    expect(receipt.cosine.mean).toBeCloseTo(sum / lines.length, 5);
    expect(receipt.cosine.lowest).toBeCloseTo(lowest, 5);
    expect(receipt.text).toMatchObject({ source: 'file', name: 'lines.txt', texts: 4 });
    expect(receipt.neighbours.nearest).toBe(1);
  });

  it('says what was measured, and times texts', async () => {
    const receipt = ofTask('embed', await measureWhole('bert'));
    expect(receipt.text).toMatchObject({ source: 'bundled', name: 'default.txt' });
    expect(receipt.cosine.mean).toBeGreaterThan(0.999);
    expect(receipt.neighbours.overlap).toBeGreaterThan(0.85);
    expect(receipt.speed.map(({ run, rows, tokens }) => [run, rows, tokens])).toEqual([
      ['encode', 1, 40],
      ['encode', 4, 40],
      ['encode', 16, 40],
    ]);
    for (const { reference, model } of receipt.speed) expect(Math.min(reference, model)).toBeGreaterThan(0);
    expect(receipt.disk.reference).toBeGreaterThan(receipt.disk.model);
  });

  it('says that a build is damaged', async () => {
    const { cosine, neighbours } = ofTask(
      'embed',
      await measure('bert', damage('encoder.layer.1.output.dense.weight')),
    );
    expect(cosine.mean).toBeLessThan(0.99);
    expect(neighbours.overlap).toBeLessThan(0.7);
  });

  it('stops at as many tokens as told', async () => {
    const { text } = ofTask('embed', await measure('bert', [], { tokens: 500 }));
    expect(text.tokens).toBeLessThanOrEqual(500);
    expect(text.tokens).toBeGreaterThan(400);
  });
});

describe('a receipt of labels', () => {
  it.each([
    ['bert-classify', 'classify', 'bert.encoder.layer.1.output.dense.weight'],
    ['bert-tag', 'tag', 'bert.encoder.layer.1.output.dense.weight'],
  ] as const)('of %s says whether the build is sound or damaged', async (name, task, tensor) => {
    const [sound, damaged] = [ofTask(task, await measure(name)), ofTask(task, await measure(name, damage(tensor)))];
    expect(sound.agreement).toBeGreaterThan(0.95);
    expect(sound.scores.largest).toBeLessThan(0.2);
    expect(damaged.agreement).toBeLessThan(0.95);
    expect(damaged.divergence).toBeGreaterThan(10 * sound.divergence);
  });

  it('of tokens is valid, and times texts', async () => {
    expect((await measureWhole('bert-tag')).speed.map(({ run, rows }) => [run, rows])).toEqual([
      ['encode', 1],
      ['encode', 4],
      ['encode', 16],
    ]);
  });

  it('that stand by themselves has their scores', async () => {
    const { agreement, scores } = ofTask('classify', await measure('modernbert-classify'));
    expect(agreement).toBeGreaterThan(0.9);
    expect(scores.mean).toBeGreaterThan(0);
    expect(scores.largest).toBeLessThan(0.2);
  });
});

describe('a receipt of an encoder-decoder', () => {
  const options = { tokens: 300 };

  it('measures answers of FP32, the same again, and says that a build is damaged', async () => {
    const sound = ofTask('generate', await measureWhole('t5', options));
    const again = await measure('t5', [], options);
    for (const part of ['text', 'perplexity', 'agreement', 'logits'] as const)
      expect(ofTask('generate', again)[part]).toEqual(sound[part]);
    expect(sound.text).toMatchObject({ source: 'answers', name: '', predictions: 300 });
    expect(Math.abs(sound.perplexity.change)).toBeLessThan(0.05);
    expect(sound.speed.map(({ run, rows }) => [run, rows])).toEqual([
      ['decode', 1],
      ['decode', 4],
      ['decode', 16],
      ['prefill', 1],
    ]);
    // Half of the model: the decoder is sound, and what it reads is not.
    const reading = damage('encoder.block.1.layer.1.DenseReluDense.wo.weight');
    const damaged = ofTask('generate', await measure('t5', reading, options));
    expect(damaged.text).toEqual(sound.text);
    expect(damaged.perplexity.change).toBeGreaterThan(4 * Math.abs(sound.perplexity.change));
    expect(damaged.divergence).toBeGreaterThan(4 * sound.divergence);
  });

  it('is mended by a layer of both graphs', async () => {
    const lossy = editCheckpoint(fixture('t5'), join(root, 't5-lossy'), [
      { tensor: 'encoder.block.1.layer.1.layer_norm.weight', column: 0, value: 1000 },
      { tensor: 'encoder.block.1.layer.1.DenseReluDense.wi.weight', column: 0, value: 0 },
    ]);
    await expectMended(lossy, { ...setting, ...options }, 'layers.1/mlp/up');
  });
});

describe('a measured build of an encoder', () => {
  it.each([
    ['bert', ''],
    ['bert-tag', 'bert.'],
  ])('%s keeps the layer that loses it in FP32', async (name, prefix) => {
    const edits = outlier.map((edit) => ({ ...edit, tensor: `${prefix}${edit.tensor}` }));
    const lossy = editCheckpoint(fixture(name), join(root, `${name}-lossy`), edits);
    await expectMended(lossy, setting, 'layers.1/mlp/down');
  });

  it('is refused where that is not enough, and names the layers that cost most', async () => {
    const lossy = editCheckpoint(fixture('bert'), join(root, 'bert-refused'), outlier);
    const parent = temporaryFolder();
    const options = { source: lossy, out: join(parent, 'model'), precision: 'int8' } as const;
    const strict = buildMeasured({ build: options, measure: setting, maxLoss: 1e-7 }, () => {});
    await expect(strict).rejects.toThrow(
      /^INT8 moves vectors by .* Nothing was written\. .* largest parts: layers\.1\/mlp\/down /,
    );
    expect(readdirSync(parent)).toEqual([]);
  });

  it('in blocks has a receipt, and is refused for what it loses', async () => {
    const parent = temporaryFolder();
    const options = { source: fixture('bert'), out: join(parent, 'model'), precision: 'int4-weight' } as const;
    const { receipt } = await buildMeasured({ build: options, measure: setting, maxLoss: null }, () => {});
    expect(ofTask('embed', receipt).cosine.mean).toBeGreaterThan(0.9);
    const strict = { build: { ...options, out: join(parent, 'strict') }, measure: setting, maxLoss: 1e-6 };
    await expect(buildMeasured(strict, () => {})).rejects.toThrow(
      /^INT4-WEIGHT moves vectors by .* Nothing was written\.$/,
    );
    expect(readdirSync(parent)).toEqual(['model']);
  });
});

/** Built within a quarter of what it loses by itself, `layer` is kept, and the receipt beside the model says the rest. */
async function expectMended(source: string, options: object, layer: string): Promise<void> {
  const parent = temporaryFolder();
  const measureOptions = { ...setting, ...options };
  const target = { source, out: join(parent, 'mended'), precision: 'int8' } as const;
  const reference = await build(source, 'fp32', 'fp32');
  const plain = { ...measureOptions, reference, model: await build(source, 'int8', 'int8') };
  const { loss } = (await measureQuality(plain, () => {})).quality;
  const mended = await buildMeasured({ build: target, measure: measureOptions, maxLoss: loss / 4 }, () => {});
  expect(mended.manifest.kept).toContain(layer);
  expect(lossOf(mended.receipt)).toBeLessThanOrEqual(loss / 4);
  expect(receiptSchema.parse(JSON.parse(readFileSync(join(parent, 'mended', 'receipt.json'), 'utf8')))).toEqual(
    mended.receipt,
  );
  expect(readdirSync(parent)).toEqual(['mended']);
}

function lossOf(receipt: Receipt): number {
  if (receipt.task === 'generate') return receipt.perplexity.change;
  if (receipt.task === 'embed') return (1 - receipt.cosine.mean) / (1 - receipt.cosine.others);
  return 1 - receipt.agreement;
}

function cosineOf(a: readonly number[], b: readonly number[]): number {
  const dot = (x: readonly number[], y: readonly number[]) => x.reduce((sum, value, i) => sum + value * (y[i] ?? 0), 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}
