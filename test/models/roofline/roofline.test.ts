/** The roofline: what models read and multiply against counts by hand, shares of given limits, and a machine measured. */
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { buildRandomModel } from '#octavo/models/build/build.js';
import { openModelFolder } from '#octavo/models/model-folder.js';
import { readGraphFile } from '#octavo/models/onnx-file/inspect-graph.js';
import { measureLimits } from '#octavo/models/roofline/machine-limits.js';
import { workOf } from '#octavo/models/roofline/model-work.js';
import { sharesOf } from '#octavo/models/roofline/shares.js';
import { temporaryFolder } from '../../support/folders.js';

const parent = temporaryFolder();

/** Of tiny-qwen2: two layers of q, k, v, o, gate, up and down (hidden 64, two of four heads for keys, MLP 96). */
const layerWeights = 2 * (64 * 64 + 2 * 32 * 64 + 64 * 64 + 3 * 96 * 64);
const headWeights = 320 * 64;
const weights = layerWeights + headWeights;

describe.each([
  // Each precision's bytes for a weight, with the scales: of a row of 64 or 96, or of a block of 32.
  ['fp32', 4, 4, 0],
  ['int8', 1, 1.1, 1],
  ['int8-weight', 1 + 4 / 32, 1 + 4 / 32, 1],
  ['int8-weight-fp16', 1 + 2 / 32, 1 + 2 / 32, 1],
] as const)('a model in %s', (precision, fewest, most, integer) => {
  test('reads each weight of its products once, and multiplies it once for each token or row', async () => {
    const out = join(parent, precision);
    await buildRandomModel({ shape: 'tiny-qwen2', seed: 1, precision, out });
    const { graph, manifest } = await openModelFolder(out);
    const work = workOf(readGraphFile(graph).facts, manifest.shape.vocab);
    expect(work.macsPerToken).toBe(integer * layerWeights);
    expect(work.macsPerLogits).toBe(integer * headWeights);
    expect(work.weightBytes).toBeGreaterThanOrEqual(fewest * weights);
    expect(work.weightBytes).toBeLessThanOrEqual(most * weights);
  });
});

test('shares are work over time over limits', () => {
  const limits = { readBytesPerSecond: 20e9, int8MacsPerSecond: 500e9 };
  const work = { weightBytes: 500e6, macsPerToken: 360e6, macsPerLogits: 140e6 };
  // One row: 0.5 GB in 50 ms are half of 20 GB/s, 0.5 G products 2% of 500 G/s.
  const decode = sharesOf({ seconds: 0.05, tokens: 1, rows: 1 }, work, limits);
  expect(decode.memory).toBeCloseTo(0.5, 10);
  expect(decode.int8).toBeCloseTo(0.02, 10);
  // A prompt of 128: the head computes one position.
  const prefill = sharesOf({ seconds: 0.2, tokens: 128, rows: 1 }, work, limits);
  expect(prefill.memory).toBeCloseTo(0.125, 10);
  expect(prefill.int8).toBeCloseTo((128 * 0.36 + 0.14) / 0.2 / 500, 10);
});

test('a model in float32 has no share of the rate of 8-bit products', () => {
  const limits = { readBytesPerSecond: 20e9, int8MacsPerSecond: 500e9 };
  const work = { weightBytes: 2e9, macsPerToken: 0, macsPerLogits: 0 };
  expect(sharesOf({ seconds: 0.2, tokens: 1, rows: 1 }, work, limits)).toEqual({ memory: 0.5, int8: null });
});

test('measures what a machine can do', async () => {
  for (const rate of Object.values(await measureLimits(1))) {
    expect(rate).toBeGreaterThan(0);
    expect(rate).toBeLessThan(Number.POSITIVE_INFINITY);
  }
});
