/** `octavo build`, `receipt` and `show` as a person types them. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { receiptSchema } from '#octavo/models/receipt/receipt.js';
import { encoderDecoderRoot } from '../support/encoder-decoder-fixtures.js';
import { temporaryFolder } from '../support/folders.js';
import { runOctavo } from '../support/octavo.js';
import { writeByteCheckpoint, writeLossyCheckpoint } from '../support/tiny-checkpoint.js';

const root = temporaryFolder();
const source = writeByteCheckpoint(join(root, 'tiny'));

const octavo = (...args: readonly string[]) => runOctavo(args, { cwd: root });

const readReceipt = (folder: string) =>
  receiptSchema.parse(JSON.parse(readFileSync(join(root, folder, 'receipt.json'), 'utf8')));

describe('an encoder-decoder, which is not measured', () => {
  const t5 = join(encoderDecoderRoot, 't5');

  it('is built without a receipt, and says why', async () => {
    const built = await octavo('build', t5, '--out', 't5');
    expect(built).toMatchObject({ code: 0, err: '' });
    expect(built.out).toContain(
      'No receipt: An encoder-decoder would have to be measured on prompts with their answers',
    );
    expect(existsSync(join(root, 't5', 'receipt.json'))).toBe(false);
    const again = await octavo('receipt', 't5', '--reference', t5);
    expect(again.code).toBe(1);
    expect(again.err).toContain('An encoder-decoder would have to be measured on prompts with their answers');
  });

  it('cannot be held to a loss', async () => {
    const { code, err } = await octavo('build', t5, '--out', 'held', '--max-loss', '1%');
    expect(code).toBe(1);
    expect(err).toContain('--max-loss: An encoder-decoder would have to be measured on prompts');
    expect(existsSync(join(root, 'held'))).toBe(false);
  });
});

describe('octavo build', () => {
  it('measures an int8 build, and shows the receipt now and later', async () => {
    const built = await octavo('build', source, '--out', 'built', '--tokens', '60', '--max-loss', '50%');
    expect(built).toMatchObject({ code: 0, err: '' });
    expect(built.out).toMatch(/^perplexity .* ± /m);
    expect(readReceipt('built').text.predictions).toBe(60);
    const shown = await octavo('show', 'built');
    expect(shown.out).toMatch(/^tiny \(llama, int8\), built by Octavo/);
    expect(built.out.endsWith(shown.out.slice(shown.out.indexOf('perplexity')))).toBe(true);
  });

  it('fails when more is lost than allowed, names the layer that loses it, and leaves nothing', async () => {
    const lossy = writeLossyCheckpoint(join(root, 'lossy'));
    const { code, err } = await octavo('build', lossy, '--out', 'refused', '--tokens', '200', '--max-loss', '1%');
    expect(code).toBe(1);
    expect(err).toMatch(/at most 1% is allowed\. Nothing was written\. .* largest parts: lm_head \d/);
    expect(readdirSync(root).filter((name) => name.includes('refused'))).toEqual([]);
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
    expect((await octavo('show', 'unmeasured')).out).toContain('No receipt');
  });

  it('measures no model that generates no text, and cannot bound its loss', async () => {
    const embedder = fileURLToPath(new URL('../fixtures/encoders/bert', import.meta.url));
    const { code, err } = await octavo('build', embedder, '--out', 'embedder', '--max-loss', '1%');
    expect([code, err]).toEqual([
      1,
      expect.stringMatching(/--max-loss: .*perplexity, which only a model that generates text has/),
    ]);
    expect((await octavo('build', embedder, '--out', 'embedder')).out).toContain('No receipt: A receipt measures');
    expect(existsSync(join(root, 'embedder', 'receipt.json'))).toBe(false);
  });

  it.each([
    [['--max-loss', 'little'], /--max-loss is "little": Expected a percentage such as 1%/],
    [['--max-loss', '1%', '--no-receipt'], /--max-loss needs a build of a checkpoint with its receipt/],
    [['--max-loss', '1%', '--precision', 'fp32'], /--max-loss needs/],
    [['--keep', 'lm_head', '--precision', 'fp32'], /kept FP32 in an int8 build only; this one is fp32/],
    [['--text', 'absent.txt'], /Cannot read the text absent\.txt/],
  ])('refuses %j', async (args, message) => {
    const { code, err } = await octavo('build', source, '--out', 'never', ...args);
    expect(code).toBe(1);
    expect(err).toMatch(message);
    expect(existsSync(join(root, 'never'))).toBe(false);
  });
});

describe('octavo receipt', () => {
  it('measures a built model again, against its checkpoint or an fp32 build', async () => {
    await octavo('build', source, '--out', 'again', '--no-receipt');
    await octavo('build', source, '--out', 'again-fp32', '--precision', 'fp32');
    await octavo('receipt', 'again', '--reference', source, '--tokens', '50');
    const first = readReceipt('again');
    // One that cannot be used is replaced like any other.
    writeFileSync(join(root, 'again', 'receipt.json'), '{}');
    expect((await octavo('show', 'again')).err).toMatch(/receipt\.json/);
    const { code, out } = await octavo('receipt', 'again', '--reference', 'again-fp32', '--tokens', '50');
    expect(code).toBe(0);
    expect(out).toMatch(/^perplexity /m);
    expect(readReceipt('again').perplexity).toEqual(first.perplexity);
    expect(readdirSync(root).filter((name) => name.startsWith('.'))).toEqual([]);
    const shown = JSON.parse((await octavo('show', 'again', '--json')).out);
    expect(shown).toMatchObject({ manifest: { name: 'tiny', precision: 'int8' }, receipt: readReceipt('again') });
  });

  it.each([
    [['receipt', '--reference', 'x'], /Give one model folder/],
    [['receipt', 'absent', '--reference', 'also-absent'], /config\.json cannot be read|No model at/],
    [['receipt', 'absent'], /--reference is missing/],
    [['show'], /Give one model folder/],
    [['show', 'absent'], /No model at/],
  ])('refuses %j', async (args, message) => {
    const { code, err } = await octavo(...args);
    expect(code).toBe(1);
    expect(err).toMatch(message);
  });
});
