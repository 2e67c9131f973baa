/** Whole calibrated builds: a model with a few very large channels, and models without. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { buildModel } from '#octavo/models/build/build.js';
import { calibrate } from '#octavo/models/calibration/calibrate.js';
import { buildCalibrated } from '#octavo/models/calibration/calibrated-build.js';
import { buildMeasured } from '#octavo/models/measured-build.js';
import { measureQuality } from '#octavo/models/receipt/measure.js';
import type { FiguresOf } from '#octavo/models/receipt/receipt.js';
import { measureSensitivity } from '#octavo/models/receipt/sensitivity.js';
import { temporaryFolder } from '../../support/folders.js';
import { writeByteCheckpoint, writeLossyCheckpoint } from '../../support/tiny-checkpoint.js';

const root = temporaryFolder();
const lossy = writeLossyCheckpoint(join(root, 'lossy'), 'attention');
const setting = { runtime: 'auto', device: 'cpu', threads: 1 } as const;
const quiet = () => {};

async function divergence(model: string): Promise<number> {
  const reference = join(root, 'fp32');
  await buildModel({ source: lossy, out: reference, precision: 'fp32', force: true });
  const { quality } = await measureQuality({ ...setting, reference, model, text: null, tokens: 400 }, quiet);
  return (quality.figures as FiguresOf<'generate'>).divergence;
}

describe('a calibrated build', () => {
  it('keeps what a very large channel would cost, and says which layers were calibrated', async () => {
    const [plain, calibrated] = [join(root, 'plain'), join(root, 'calibrated')];
    await buildModel({ source: lossy, out: plain, precision: 'int8' });
    const build = { source: lossy, out: calibrated, precision: 'int8' } as const;
    const manifest = await buildCalibrated({ build, texts: { activations: null }, threads: 1 }, quiet);
    expect(manifest.moved).toContain('layers.1/self_attn/qkv_proj');
    expect(await divergence(calibrated)).toBeLessThan((await divergence(plain)) / 10);
    expect(readdirSync(root).filter((name) => name.includes('reference'))).toEqual([]);
  });

  it('is the same bytes with a receipt and without, and on another number of threads', async () => {
    const build = { source: lossy, precision: 'int8', name: 'same' } as const;
    const [without, measured] = [join(root, 'without'), join(root, 'measured')];
    await buildCalibrated({ build: { ...build, out: without }, texts: { activations: null }, threads: 2 }, quiet);
    await buildMeasured(
      {
        build: { ...build, out: measured },
        measure: { ...setting, text: null, tokens: 50 },
        ...{ maxLoss: null, texts: { activations: null } },
      },
      quiet,
    );
    expect(readFileSync(join(measured, 'manifest.json'), 'utf8')).toBe(
      readFileSync(join(without, 'manifest.json'), 'utf8'),
    );
  });

  it('is what a build without calibration is, where no channel stands out', async () => {
    const source = writeByteCheckpoint(join(root, 'even'));
    const [plain, calibrated] = [join(root, 'even-plain'), join(root, 'even-calibrated')];
    await buildModel({ source, out: plain, precision: 'int8', name: 'even' });
    const build = { source, out: calibrated, precision: 'int8', name: 'even' } as const;
    const manifest = await buildCalibrated({ build, texts: { activations: null }, threads: 1 }, quiet);
    expect(manifest.moved).toBeUndefined();
    expect(readFileSync(join(calibrated, 'manifest.json'), 'utf8')).toBe(
      readFileSync(join(plain, 'manifest.json'), 'utf8'),
    );
  });

  it('has its layers measured one by one in a graph whose weights have moved alike', async () => {
    const source = writeLossyCheckpoint(join(root, 'head'));
    const [plain, reference, model] = [join(root, 'head-plain'), join(root, 'head-fp32'), join(root, 'head-int8')];
    await buildModel({ source, out: plain, precision: 'fp32', name: 'head' });
    const calibration = await calibrate({ source, reference: plain, text: null, threads: 1 });
    expect(calibration.moved).toContain('lm_head');
    await buildModel({ source, out: reference, precision: 'fp32', calibration });
    await buildModel({ source, out: model, precision: 'int8', calibration });
    const measure = { ...setting, reference, model, text: null, tokens: 200 };
    const { gauge } = await measureQuality(measure, quiet);
    const { factors } = calibration;
    const layers = await measureSensitivity({ source, reference, model, factors }, gauge, quiet);
    for (const { layer, divergence } of layers) expect(divergence, layer).toBeLessThan(0.01);
  });

  it('refuses a text that is not there, and leaves nothing', async () => {
    const build = { source: lossy, out: join(root, 'refused'), precision: 'int8' } as const;
    const text = join(root, 'nowhere.txt');
    await expect(buildCalibrated({ build, texts: { activations: text }, threads: 1 }, quiet)).rejects.toThrow(
      'nowhere.txt',
    );
    writeFileSync(join(root, 'empty.txt'), '');
    await expect(
      buildCalibrated({ build, texts: { activations: join(root, 'empty.txt') }, threads: 1 }, quiet),
    ).rejects.toThrow('empty');
    expect(readdirSync(root).filter((name) => /refused|reference/.test(name))).toEqual([]);
  });
});
