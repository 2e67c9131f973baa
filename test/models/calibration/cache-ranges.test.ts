/** What is measured of a cache, and whole builds with one in int8: random weights too, and with a receipt. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { buildModel } from '#octavo/models/build/build.js';
import { measureCacheRanges } from '#octavo/models/calibration/cache-ranges.js';
import { buildCalibrated, buildRandomCached } from '#octavo/models/calibration/calibrated-build.js';
import { ownPorts } from '#octavo/models/decoder/decoder-ports.js';
import { loadTokenizer } from '#octavo/models/load-model.js';
import { buildMeasured } from '#octavo/models/measured-build.js';
import { openModelFolder } from '#octavo/models/model-folder.js';
import { measureQuality } from '#octavo/models/receipt/measure.js';
import { temporaryFolder } from '../../support/folders.js';
import { OnnxDecoder } from '../../support/onnx-decoder.js';
import { writeByteCheckpoint, writeLossyCheckpoint } from '../../support/tiny-checkpoint.js';

const root = temporaryFolder();
const source = writeByteCheckpoint(join(root, 'source'));
const setting = { runtime: 'auto', device: 'cpu', threads: 1 } as const;
const quiet = () => {};

describe('the ranges of a cache', () => {
  it('are the greatest magnitudes of keys and values, channel by channel, over all of a text', async () => {
    const reference = join(root, 'fp32');
    await buildModel({ source, out: reference, precision: 'fp32' });
    const line = 'Three short words, and then a longer rest.';
    const text = join(root, 'one.txt');
    writeFileSync(text, line);
    const ranges = await measureCacheRanges({ reference, text, threads: 1 });

    const tokenizer = await loadTokenizer(await openModelFolder(reference), 264);
    const ids = await tokenizer.encode(line, { addSpecialTokens: true });
    await tokenizer.close();
    const { present } = await (await OnnxDecoder.open(reference, { keep: 0 })).run({ rows: [ids] });
    expect([...ranges.keys()]).toEqual(ownPorts(2).cache.present);
    for (const [name, range] of ranges) {
      const { dims, data } = present[name] as Tensor;
      const [, heads, tokens, headDim] = dims as [number, number, number, number];
      const values = data as Float32Array;
      const expected = Array.from({ length: heads * headDim }, (_, channel) => {
        const [head, place] = [Math.floor(channel / headDim), channel % headDim];
        const column = Array.from(
          { length: tokens },
          (__, token) => values[(head * tokens + token) * headDim + place]!,
        );
        return Math.max(...column.map(Math.abs));
      });
      range.forEach((value, channel) => {
        expect(value).toBeCloseTo(expected[channel]!, 5);
      });
    }
  });
});

describe('a build with a cache in int8', () => {
  it('is measured with it, and says so in its receipt, beside layers whose range has moved', async () => {
    const lossy = writeLossyCheckpoint(join(root, 'lossy'), 'attention');
    const out = join(root, 'measured');
    const measure = { ...setting, text: null, tokens: 200 };
    const build = { source: lossy, out, precision: 'int8', name: 'same' } as const;
    const texts = { activations: null, cache: null };
    const { manifest, receipt } = await buildMeasured({ build, measure, maxLoss: null, texts }, quiet);
    expect([manifest.kvCache, receipt.kvCache]).toEqual(['int8', 'int8']);
    expect(manifest.moved).toContain('layers.1/self_attn/qkv_proj');
    const { divergence } = receipt as Extract<typeof receipt, { task: 'generate' }>;
    expect(divergence).toBeGreaterThan(0);
    expect(divergence).toBeLessThan(0.02);
    // The same bytes without a receipt.
    const alone = join(root, 'alone');
    await buildCalibrated({ build: { ...build, out: alone }, texts, threads: 2 }, quiet);
    const read = (folder: string) => readFileSync(join(folder, 'manifest.json'), 'utf8');
    expect(read(alone)).toBe(read(out));
    // It is no reference for others.
    const cached = join(root, 'fp32-cached');
    await buildCalibrated(
      { build: { ...build, precision: 'fp32', out: cached }, texts: { cache: null }, threads: 1 },
      quiet,
    );
    const comparing = measureQuality({ ...measure, reference: cached, model: out }, quiet);
    await expect(comparing).rejects.toThrow('The reference must have its KV cache in float32; that of same is int8.');
  });

  it('can have random weights, the same bytes each time', async () => {
    const build = { shape: 'tiny-llama', seed: 3, precision: 'int8', name: 'random' } as const;
    const manifests = [];
    for (const out of ['random-1', 'random-2']) {
      manifests.push(await buildRandomCached({ ...build, out: join(root, out) }, 1, quiet));
    }
    expect(manifests[0]).toEqual(manifests[1]);
    expect(manifests[0]!.kvCache).toBe('int8');
    expect(readdirSync(root).filter((name) => name.includes('reference'))).toEqual([]);
  });
});
