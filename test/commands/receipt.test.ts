/** `octavo build`, `receipt` and `show` as a person types them. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { type Receipt, receiptSchema } from '#octavo/models/receipt/receipt.js';
import { embeddedModel } from '../support/concierge.js';
import { encoderDecoderRoot } from '../support/encoder-decoder-fixtures.js';
import { temporaryFolder } from '../support/folders.js';
import { runOctavo } from '../support/octavo.js';
import { ofTask } from '../support/receipt.js';
import { writeByteCheckpoint, writeLossyCheckpoint } from '../support/tiny-checkpoint.js';

const root = temporaryFolder();
const source = writeByteCheckpoint(join(root, 'tiny'));

const embedder = fileURLToPath(new URL('../fixtures/encoders/bert', import.meta.url));
const t5 = join(encoderDecoderRoot, 't5');

const octavo = (...args: readonly string[]) => runOctavo(args, { cwd: root });

const readReceipt = <Task extends Receipt['task']>(folder: string, task: Task) =>
  ofTask(task, receiptSchema.parse(JSON.parse(readFileSync(join(root, folder, 'receipt.json'), 'utf8'))));

describe('octavo build', () => {
  it('measures an int8 build, and shows the receipt now and later', async () => {
    const built = await octavo('build', source, '--out', 'built', '--tokens', '60', '--max-loss', '50%');
    expect(built).toMatchObject({ code: 0, err: '' });
    expect(built.out).toMatch(/^perplexity .* ± /m);
    expect(readReceipt('built', 'generate').text.predictions).toBe(60);
    const shown = await octavo('show', 'built');
    expect(shown.out).toMatch(/^tiny \(llama, int8\), built by Octavo/);
    expect(built.out.endsWith(shown.out.slice(shown.out.indexOf('perplexity')))).toBe(true);
  });

  it('fails when more is lost than allowed, names the layer that loses it, and leaves nothing', async () => {
    const lossy = writeLossyCheckpoint(join(root, 'lossy'));
    const bound = ['--tokens', '200', '--max-loss', '1%', '--calibrate', 'off'];
    const { code, err } = await octavo('build', lossy, '--out', 'refused', ...bound);
    expect(code).toBe(1);
    expect(err).toMatch(/at most 1% is allowed\. Nothing was written\. .* largest parts: lm_head \d/);
    expect(readdirSync(root).filter((name) => name.includes('refused'))).toEqual([]);
  });

  it('builds for a GPU with activations in float16, and says so now and later', async () => {
    const built = await octavo('build', source, '--out', 'gpu', '--target', 'gpu', '--tokens', '60');
    expect(built).toMatchObject({ code: 0, err: '' });
    expect(built.out).toMatch(/^tiny \(llama, int8-weight-fp16\): /);
    expect(built.out).toMatch(/^ +FP32 +INT8-WEIGHT-FP16$/m);
    expect((await octavo('show', 'gpu')).out).toMatch(/^tiny \(llama, int8-weight-fp16\), built by Octavo/);
    const four = ['--precision', 'int4-weight', '--no-receipt'];
    expect((await octavo('build', source, '--out', 'gpu4', '--target', 'gpu', ...four)).out).toContain(
      'tiny (llama, int4-weight-fp16): ',
    );
  });

  it('calibrates before it is measured, and says which layers', async () => {
    const lossy = writeLossyCheckpoint(join(root, 'loud'));
    const built = await octavo('build', lossy, '--out', 'calm', '--tokens', '200', '--max-loss', '1%');
    expect(built).toMatchObject({ code: 0, err: '' });
    for (const { out } of [built, await octavo('show', 'calm')]) {
      expect(out).toMatch(/^Range moved from activations into weights, by calibration: .*lm_head$/m);
    }
  });

  it('refuses a calibration text where nothing is calibrated', async () => {
    const { code, err } = await octavo(
      'build',
      source,
      '--out',
      'no',
      '--precision',
      'fp32',
      '--calibrate',
      'text.txt',
    );
    expect(code).toBe(1);
    expect(err).toMatch(/--calibrate text\.txt has no use here: it is for int8 builds of decoders/);
  });

  it('keeps layers in FP32 that are named, says so now and later, and refuses others by name', async () => {
    const built = await octavo(
      'build',
      source,
      '--out',
      'kept',
      '--no-receipt',
      '--keep',
      'lm_head,layers.0/mlp/down_proj',
    );
    expect(built).toMatchObject({ code: 0, err: '' });
    for (const { out } of [built, await octavo('show', 'kept')]) {
      expect(out).toMatch(/^Kept in FP32: layers\.0\/mlp\/down_proj, lm_head$/m);
    }
    const unknown = await octavo('build', source, '--out', 'never', '--keep', 'layers.9/mlp/down_proj');
    expect(unknown.err).toMatch(
      /no layer layers\.9\/mlp\/down_proj to keep; there are: layers\.N\/self_attn\/qkv_proj, .*lm_head/,
    );
    expect(existsSync(join(root, 'never'))).toBe(false);
  });

  it('measures nothing when told so, or when there is nothing to compare', async () => {
    await octavo('build', source, '--out', 'unmeasured', '--no-receipt');
    await octavo('build', source, '--out', 'fp32', '--precision', 'fp32');
    await octavo('build', '--random', 'tiny-llama', '--out', 'random');
    for (const folder of ['unmeasured', 'fp32', 'random']) {
      expect(existsSync(join(root, folder, 'manifest.json'))).toBe(true);
      expect(existsSync(join(root, folder, 'receipt.json'))).toBe(false);
    }
    expect((await octavo('show', 'unmeasured')).out).toMatch(/^No receipt: .*"octavo receipt" does that\.$/m);
    expect((await octavo('show', 'fp32')).out).toMatch(/^No receipt: builds in FP32 have none/m);
  });

  it('measures an encoder on the bundled text, and shows and bounds what its task has', async () => {
    const built = await octavo('build', embedder, '--out', 'embedder', '--max-loss', '5%');
    expect(built).toMatchObject({ code: 0, err: '' });
    expect(built.out).toMatch(/^cosine to FP32 .*\n.*\nsame 10 nearest texts /m);
    expect(built.out).toMatch(/^texts\/s, 16 x \d+ tokens /m);
    const { text, neighbours } = readReceipt('embedder', 'embed');
    expect(text).toMatchObject({ source: 'bundled', name: 'default.txt' });
    expect(neighbours.nearest).toBe(10);
    const shown = await octavo('show', 'embedder');
    expect(built.out.endsWith(shown.out.slice(shown.out.indexOf('cosine')))).toBe(true);
    const refused = await octavo('build', embedder, '--out', 'refused', '--max-loss', '0.000001%');
    expect(refused.code).toBe(1);
    expect(refused.err).toMatch(/INT8 moves vectors by .* largest parts: layers\.\d/);
    expect(readdirSync(root).filter((name) => name.includes('refused'))).toEqual([]);
  });

  it('measures an encoder-decoder on its answers to the lines of a file', async () => {
    const lines = join(root, 'lines.txt');
    writeFileSync(lines, 'the first prompt\n\nanother one\n');
    const built = await octavo('build', t5, '--out', 't5', '--text', lines, '--tokens', '200', '--max-loss', '50%');
    expect(built).toMatchObject({ code: 0, err: '' });
    expect(built.out).toMatch(/answers of FP32 to lines\.txt, 200 predictions/);
    const { text, encoder } = readReceipt('t5', 'generate');
    expect(text).toMatchObject({ source: 'answers', name: 'lines.txt', predictions: 200 });
    expect(encoder?.graph).toMatch(/^[0-9a-f]{64}$/);
  });

  it.each([
    [['--max-loss', 'little'], /--max-loss is "little": expected a percentage with its sign, such as 1%/],
    [['--max-loss', '0.01'], /--max-loss is "0.01": expected a percentage with its sign/],
    [['--max-loss', '1%', '--no-receipt'], /--max-loss has no use with --no-receipt: nothing is measured/],
    [['--text', 'a.txt', '--no-receipt'], /--text has no use with --no-receipt/],
    [['--max-loss', '1%', '--precision', 'fp32'], /--max-loss has no use with --precision fp32/],
    [['--tokens', '100', '--precision', 'fp32'], /--tokens has no use with --precision fp32/],
    [['--seed', '1'], /--seed has no use here: it chooses the weights of --random/],
    [['--keep', 'lm_head', '--precision', 'fp32'], /kept FP32 in an int8 build only; this one is fp32/],
    [
      ['--target', 'gpu', '--precision', 'int8'],
      /--target gpu has no int8: .* Allowed are int8-weight, int4-weight, fp16;/,
    ],
    [['--target', 'gpu', '--precision', 'fp32'], /--target gpu has no fp32: it is the same graph for every target/],
    [['--target', 'tpu'], /--target is "tpu"/],
    [['--kv-cache', 'int4'], /--kv-cache is "int4": expected int8\./],
    [['--kv-cache', 'int8', '--target', 'gpu'], /cannot be int8 here: int8-weight-fp16 keeps it in float16, for GPUs/],
    [
      ['--text', 'absent.txt'],
      /^octavo: --text absent\.txt cannot be read: there is no such file\. See "octavo build --help"/,
    ],
    [['--text', '.'], /^octavo: --text \. cannot be read: it is a folder\./],
    [['--calibrate', 'absent.txt'], /^octavo: --calibrate absent\.txt cannot be read: there is no such file\./],
    [['--kv-cache', 'int8', '--calibrate', '.'], /^octavo: --calibrate \. cannot be read: it is a folder\./],
  ])('refuses %j', async (args, message) => {
    const { code, err } = await octavo('build', source, '--out', 'never', ...args);
    expect(code).toBe(1);
    expect(err).toMatch(message);
    expect(existsSync(join(root, 'never'))).toBe(false);
  });
});

describe('octavo build of what is no checkpoint', () => {
  mkdirSync(join(root, 'bare'));
  mkdirSync(join(root, 'weightless'));
  writeFileSync(join(root, 'weightless', 'config.json'), '{}');
  mkdirSync(join(root, 'export', 'onnx'), { recursive: true });
  writeFileSync(join(root, 'file'), '');

  it.each([
    ['nope', 'There is no folder nope ("octavo pull" fetches a checkpoint)'],
    [
      embeddedModel,
      `${embeddedModel} is a model that is built already: it can be served as it is, but not be built from`,
    ],
    ['export', 'export is an export: it can be served as it is, but not be built from'],
    ['bare', 'bare has no config.json'],
    ['weightless', 'weightless has no safetensors'],
    ['file', 'file is a file'],
  ])('says of %s what is there, and what is expected', async (folder, there) => {
    const { code, err } = await octavo('build', folder, '--out', 'never');
    const expected = 'expected a Hugging Face folder with config.json, tokenizer.json and safetensors.';
    expect({ code, err }).toEqual({ code: 1, err: `octavo: ${there}: ${expected}\n` });
    expect(existsSync(join(root, 'never'))).toBe(false);
  });
});

describe('octavo receipt', () => {
  it('measures a built model again, against its checkpoint or an fp32 build', async () => {
    await octavo('build', source, '--out', 'again', '--no-receipt');
    await octavo('build', source, '--out', 'again-fp32', '--precision', 'fp32');
    await octavo('receipt', 'again', '--reference', source, '--tokens', '50');
    const first = readReceipt('again', 'generate');
    // One that cannot be used is replaced like any other.
    writeFileSync(join(root, 'again', 'receipt.json'), '{}');
    expect((await octavo('show', 'again')).err).toMatch(/receipt\.json/);
    const { code, out } = await octavo('receipt', 'again', '--reference', 'again-fp32', '--tokens', '50');
    expect(code).toBe(0);
    expect(out).toMatch(/^perplexity /m);
    expect(readReceipt('again', 'generate').perplexity).toEqual(first.perplexity);
    expect(readdirSync(root).filter((name) => name.startsWith('.'))).toEqual([]);
    const shown = JSON.parse((await octavo('show', 'again', '--json')).out);
    expect(shown).toMatchObject({
      manifest: { name: 'tiny', precision: 'int8' },
      receipt: readReceipt('again', 'generate'),
    });
  });

  it.each([
    [['receipt', '--reference', 'x'], /Give one model folder/],
    [['receipt', 'absent', '--reference', 'also-absent'], /No model at/],
    [
      ['receipt', embeddedModel, '--reference', 'absent'],
      /^octavo: There is no folder absent \("octavo pull" fetches a checkpoint\): expected a Hugging Face folder/,
    ],
    [
      ['receipt', embeddedModel, '--reference', 'x', '--text', 'absent.txt'],
      /--text absent\.txt cannot be read: there is no such/,
    ],
    [['receipt', 'absent'], /--reference is missing/],
    [['show'], /Give one model folder/],
    [['show', 'absent'], /No model at/],
  ])('refuses %j', async (args, message) => {
    const { code, err } = await octavo(...args);
    expect(code).toBe(1);
    expect(err).toMatch(message);
  });
});
