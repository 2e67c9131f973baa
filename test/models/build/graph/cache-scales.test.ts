/** The steps of an INT8 cache, and their way into a graph. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fromBinary } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { buildModel, buildRandomModel } from '#octavo/models/build/build.js';
import { cacheScales, movedRanges } from '#octavo/models/build/graph/cache-scales.js';
import { ModelProtoSchema } from '#octavo/models/build/onnx/onnx_pb.js';
import { evenRanges } from '../../../support/cache-ranges.js';
import { encoderDecoderRoot } from '../../../support/encoder-decoder-fixtures.js';
import { temporaryFolder } from '../../../support/folders.js';
import { tinyLlama, tinyTensors, writeCheckpoint } from '../../../support/tiny-checkpoint.js';

const root = temporaryFolder();
/** What a step of 127 reaches. */
const reach = (scales: Float32Array) => [...scales].map((scale) => 127 * scale);
/** Steps have 8 significant bits. */
const near = (values: readonly number[]) => values.map((value) => expect.closeTo(value, 0));

describe('the steps of a channel', () => {
  it('reach a fifth beyond its range on both sides', () => {
    expect(reach(cacheScales(Float32Array.of(1, 2, 3, 4), { headDim: 2, pairs: 0 }))).toEqual(
      near([1.2, 2.4, 3.6, 4.8]),
    );
  });

  it('reach beyond the larger of two that turn into each other, head by head', () => {
    // Two heads of five channels, of which two pairs turn.
    const ranges = Float32Array.of(1, 20, 10, 2, 5, 30, 1, 3, 40, 6);
    const expected = [12, 24, 12, 24, 6, 36, 48, 36, 48, 7.2];
    expect(reach(cacheScales(ranges, { headDim: 5, pairs: 2 }))).toEqual(near(expected));
  });

  it('are never zero: nothing is divided by it', () => {
    const [scale] = cacheScales(Float32Array.of(0), { headDim: 1, pairs: 0 });
    expect(scale).toBeGreaterThan(0);
    expect(Number.isFinite(1 / scale!)).toBe(true);
  });

  it('do not tell machines apart that measured the last bits otherwise', () => {
    const turning = { headDim: 2, pairs: 0 };
    expect(cacheScales(Float32Array.of(1.234567, 9), turning)).toEqual(
      cacheScales(Float32Array.of(1.234568, 9.00001), turning),
    );
  });

  it('shrink with values whose range moved into weights', () => {
    const ranges = new Map([
      ['present.0.key', Float32Array.of(1, 2)],
      ['present.0.value', Float32Array.of(8, 8)],
    ]);
    const caches = new Map([['present.0.value', Float32Array.of(0.5, 0.125)]]);
    expect([...movedRanges(ranges, { caches }).values()].map((range) => [...range])).toEqual([
      [1, 2],
      [4, 1],
    ]);
  });
});

describe('a build with a cache in int8', () => {
  const source = writeCheckpoint(join(root, 'tiny'), tinyLlama, tinyTensors(tinyLlama));
  const shape = { layers: 2, kvHeads: 2, headDim: 16, hidden: 64, heads: 4, vocab: 96, context: 64 };

  it('declares it, in the graph, the manifest and to transformers.js', async () => {
    const out = join(root, 'int8');
    const manifest = await buildModel({ source, out, precision: 'int8', cacheRanges: evenRanges(shape, 2) });
    expect(manifest.kvCache).toBe('int8');
    const { graph } = fromBinary(ModelProtoSchema, readFileSync(join(out, manifest.graph)));
    const caches = [...graph!.input, ...graph!.output].filter(({ name }) => /past|present/.test(name));
    expect(caches).toHaveLength(8);
    const types = caches.map(({ type }) => type?.value.case === 'tensorType' && type.value.value.elemType);
    // TensorProto.DataType.INT8
    expect(new Set(types)).toEqual(new Set([3]));
    const config = JSON.parse(readFileSync(join(out, 'config.json'), 'utf8'));
    expect(config['transformers.js_config'].kv_cache_dtype).toEqual({ q8: 'int8' });
  });

  it('is without it the bytes that it was', async () => {
    const { kvCache } = await buildModel({ source, out: join(root, 'float'), precision: 'int8' });
    expect(kvCache).toBeUndefined();
  });

  it.each([
    ['fp16', source, /fp16 keeps it in float16, for GPUs/],
    ['int8-weight-fp16', source, /int8-weight-fp16 keeps it in float16, for GPUs/],
    ['int8', join(encoderDecoderRoot, 't5'), /an encoder-decoder \(t5\) keeps its caches in float32/],
  ] as const)('is refused in %s of %s', async (precision, from, message) => {
    const out = join(root, 'refused');
    const build = buildModel({ source: from, out, precision, cacheRanges: new Map() });
    await expect(build).rejects.toMatchObject({ code: 'invalid_config', message: expect.stringMatching(message) });
  });

  it('is refused of an encoder', async () => {
    const build = { shape: 'tiny-bert', seed: 1, out: join(root, 'encoder'), precision: 'int8' } as const;
    await expect(buildRandomModel({ ...build, cacheRanges: new Map() })).rejects.toThrow(
      'a model of the type bert has no KV cache',
    );
  });
});
