/** A whole receipt, measured: against an independent computation, and before a build gets its name. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { buildModel, buildRandomModel } from '#octavo/models/build/build.js';
import { buildMeasured } from '#octavo/models/measured-build.js';
import { openModelFolder } from '#octavo/models/model-folder.js';
import { measureReceipt } from '#octavo/models/receipt/measure.js';
import { receiptSchema } from '#octavo/models/receipt/receipt.js';
import { editCheckpoint } from '../../support/edited-checkpoint.js';
import { temporaryFolder } from '../../support/folders.js';
import { OnnxDecoder } from '../../support/onnx-decoder.js';
import { ofTask } from '../../support/receipt.js';
import { writeByteCheckpoint, writeLossyCheckpoint } from '../../support/tiny-checkpoint.js';

const root = temporaryFolder();
const [reference, model] = [join(root, 'fp32'), join(root, 'int8')];
const setting = { runtime: 'auto', device: 'cpu', threads: 1 } as const;
const concierge = 'test/fixtures/concierge-f16';
const tiny = writeByteCheckpoint(join(root, 'tiny'));

beforeAll(async () => {
  await buildRandomModel({ shape: 'tiny-llama', seed: 5, out: reference, precision: 'fp32' });
  await buildRandomModel({ shape: 'tiny-llama', seed: 5, out: model, precision: 'int8' });
});

/** Mean -ln p of the tokens of `text` after the first; a token is a byte. */
async function meanLoss(folder: string, text: string): Promise<number> {
  const ids = [...Buffer.from(text)];
  const { logits, dims } = await (await OnnxDecoder.open(folder, { keep: 0 })).run({ rows: [ids] });
  const vocab = dims[2] ?? 0;
  const losses = ids.slice(1).map((target, position) => {
    const row = logits.subarray(position * vocab, (position + 1) * vocab);
    return Math.log(row.reduce((sum, logit) => sum + Math.exp(logit), 0)) - (row[target] ?? 0);
  });
  return losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
}

describe('a receipt', () => {
  it('has the perplexities that another runtime’s logits give', async () => {
    const text = 'Measured twice, cut once, and a hundred bytes are no more than these are.';
    const file = join(root, 'text.txt');
    writeFileSync(file, text);
    const receipt = ofTask(
      'generate',
      await measureReceipt({ ...setting, reference, model, text: file, tokens: null }),
    );
    expect(receipt.text).toMatchObject({ source: 'file', name: 'text.txt', texts: 1, predictions: text.length - 1 });
    expect(Math.log(receipt.perplexity.reference)).toBeCloseTo(await meanLoss(reference, text), 4);
    expect(Math.log(receipt.perplexity.model)).toBeCloseTo(await meanLoss(model, text), 4);
    expect(receipt.perplexity.change).toBeCloseTo(receipt.perplexity.model / receipt.perplexity.reference - 1, 9);
  });

  it('says what was measured, on what, and is valid', async () => {
    const receipt = await measureReceipt({ ...setting, reference, model, text: null, tokens: 300 });
    const { manifest } = await openModelFolder(model);
    const sha256 = (path: string) => manifest.files.find((file) => file.path === path)?.sha256;
    expect(receiptSchema.parse(receipt)).toEqual(receipt);
    expect(receipt).toMatchObject({
      model: 'tiny-llama-random',
      graph: sha256('onnx/model_quantized.onnx'),
      weights: sha256('onnx/model_quantized.onnx_data'),
      text: { source: 'sampled', predictions: 300, window: 128 },
      versions: { node: process.versions.node },
      runtime: 'ort-c-api',
      threads: 1,
    });
    expect(receipt.speed.map(({ run, rows, tokens }) => [run, rows, tokens])).toEqual([
      ['decode', 1, 1],
      ['decode', 4, 1],
      ['decode', 16, 1],
      ['prefill', 1, 64],
    ]);
    for (const { reference: slow, model: fast } of receipt.speed) expect(Math.min(slow, fast)).toBeGreaterThan(0);
    expect(receipt.resident.reference).toBeGreaterThan(1 << 20);
    expect(receipt.disk.reference).toBeGreaterThan(receipt.disk.model);
  });

  it('has the same text and quality again', async () => {
    const measure = async () =>
      ofTask('generate', await measureReceipt({ ...setting, reference, model, text: null, tokens: 200 }));
    const [first, second] = [await measure(), await measure()];
    for (const part of ['text', 'perplexity', 'divergence', 'agreement', 'logits'] as const)
      expect(second[part]).toEqual(first[part]);
  });

  it('compares nothing but the same model in int8 and fp32', async () => {
    const other = join(root, 'other');
    await buildRandomModel({ shape: 'tiny-qwen2', seed: 5, out: other, precision: 'fp32' });
    const refused = (pair: { reference: string; model: string }) =>
      expect(measureReceipt({ ...setting, ...pair, text: null, tokens: 10 })).rejects;
    await refused({ reference: model, model }).toThrow(/reference must be fp32/);
    await refused({ reference, model: reference }).toThrow(/compares a precision with FP32/);
    await refused({ reference: other, model }).toThrow(/not the same model/);
  });
});

describe('a measured build', () => {
  const measure = { ...setting, text: null, tokens: 200 };

  it('appears with its receipt, in the same bytes as an unmeasured one', async () => {
    const parent = temporaryFolder();
    const build = { source: concierge, out: join(parent, 'model'), precision: 'int8' } as const;
    const { manifest, receipt: written } = await buildMeasured({ build, measure, maxLoss: 0.05 }, () => {});
    expect(readdirSync(parent)).toEqual(['model']);
    expect(await (await openModelFolder(build.out)).readReceipt()).toEqual(written);
    const receipt = ofTask('generate', written);
    expect(await buildModel({ ...build, out: join(parent, 'plain') })).toEqual(manifest);
    expect(receipt.perplexity.reference).toBeGreaterThan(1);
    expect(receipt.agreement).toBeGreaterThan(0.95);
  });

  it('that loses too much leaves nothing, and names the layer that loses it', async () => {
    const parent = temporaryFolder();
    const lossy = writeLossyCheckpoint(join(root, 'lossy'));
    const build = { source: lossy, out: join(parent, 'model'), precision: 'int8' } as const;
    await expect(buildMeasured({ build, measure, maxLoss: 0.01 }, () => {})).rejects.toMatchObject({
      code: 'invalid_model',
      message: expect.stringMatching(/changes perplexity by .* Nothing was written\. .*largest parts: lm_head/),
    });
    expect(readdirSync(parent)).toEqual([]);
  });

  it('in blocks has a receipt of its precision, and is refused for what it loses, without layers to keep', async () => {
    const parent = temporaryFolder();
    const build = { source: concierge, out: join(parent, 'model'), precision: 'int4-weight' } as const;
    const { receipt } = await buildMeasured({ build, measure, maxLoss: null }, () => {});
    expect(receipt.precision).toBe('int4-weight');
    expect(ofTask('generate', receipt).agreement).toBeGreaterThan(0.8);
    const lossy = { source: tiny, out: join(parent, 'lossy'), precision: 'int4-weight' } as const;
    await expect(buildMeasured({ build: lossy, measure, maxLoss: 0.0001 }, () => {})).rejects.toMatchObject({
      code: 'invalid_model',
      message: expect.stringMatching(/^INT4-WEIGHT changes perplexity by .* Nothing was written\.$/),
    });
    expect(readdirSync(parent)).toEqual(['model']);
  });

  it('for a GPU has a receipt too, and is refused where its activations do not fit float16', async () => {
    const parent = temporaryFolder();
    const build = { source: concierge, out: join(parent, 'model'), precision: 'int8-weight-fp16' } as const;
    const { receipt } = await buildMeasured({ build, measure, maxLoss: 0.01 }, () => {});
    expect(receipt.precision).toBe('int8-weight-fp16');
    expect(ofTask('generate', receipt).agreement).toBeGreaterThan(0.95);
    const loudTensors = ['post_attention_layernorm', 'mlp.gate_proj', 'mlp.up_proj'];
    const edits = loudTensors.map((name) => ({ tensor: `model.layers.0.${name}.weight`, value: 1000 }) as const);
    const source = editCheckpoint(tiny, join(parent, 'loud'), edits);
    const loud = { ...build, source, out: join(parent, 'refused') };
    await expect(buildMeasured({ build: loud, measure, maxLoss: null }, () => {})).rejects.toMatchObject({
      code: 'invalid_model',
      message: expect.stringMatching(
        /^loud or its FP32 reference gives numbers that are not finite\. Activations of int8-weight-fp16 are float16, /,
      ),
    });
    expect(existsSync(loud.out)).toBe(false);
  });

  it('that loses too much keeps the layer that loses it in FP32, and is then as good as told', async () => {
    const parent = temporaryFolder();
    const source = writeLossyCheckpoint(join(root, 'lossy-attention'), 'attention');
    const build = { source, out: join(parent, 'model'), precision: 'int8' } as const;
    const plain = await buildMeasured(
      { build: { ...build, out: join(parent, 'plain') }, measure, maxLoss: null },
      () => {},
    );
    const maxLoss = 0.1 * ofTask('generate', plain.receipt).perplexity.change;
    const { manifest, receipt } = await buildMeasured({ build, measure, maxLoss }, () => {});
    expect(manifest.kept).toEqual(['layers.1/self_attn/qkv_proj']);
    expect(ofTask('generate', receipt).perplexity.change).toBeLessThanOrEqual(maxLoss);
    expect(receipt.text).toEqual(plain.receipt.text);
    const byHand = { ...build, out: join(parent, 'by-hand'), keep: ['layers.1/self_attn/qkv_proj'] };
    expect(await buildModel({ ...byHand, name: manifest.name })).toEqual(manifest);
    expect(readdirSync(parent).sort()).toEqual(['by-hand', 'model', 'plain']);
  });

  it('that is refused keeps the model it was to replace, with its receipt', async () => {
    const out = join(temporaryFolder(), 'model');
    const build = { source: tiny, out, precision: 'int8' } as const;
    await buildMeasured({ build, measure, maxLoss: null }, () => {});
    const before = readFileSync(join(out, 'receipt.json'), 'utf8');
    const text = join(root, 'absent.txt');
    const again = buildMeasured(
      { build: { ...build, force: true }, measure: { ...measure, text }, maxLoss: null },
      () => {},
    );
    await expect(again).rejects.toThrow(/absent\.txt/);
    expect(existsSync(join(out, 'manifest.json'))).toBe(true);
    expect(readFileSync(join(out, 'receipt.json'), 'utf8')).toBe(before);
  });
});
