/** Padded shapes: few of them, the same tokens, and nothing lost in the rows beside. */
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CausalModel } from '#octavo/models/decoder/causal-model.js';
import { Decoder } from '#octavo/models/decoder/decoder.js';
import { greedy } from '#octavo/models/decoder/sampling.js';
import { ShapeBuckets } from '#octavo/models/decoder/shape-buckets.js';
import { PlainWeigher } from '#octavo/models/decoder/weigher.js';
import { openRuntime } from '#octavo/models/runtime/open-runtime.js';
import { cpu, type Session } from '#octavo/models/runtime/runtime.js';
import { embeddedModel, golden } from '../../support/concierge.js';

describe('shapes', () => {
  test('of all numbers of rows and lengths are few, and hold every row', () => {
    const buckets = new ShapeBuckets({ rows: 30, capacity: 512 });
    const shapes = new Set<string>();
    for (let rows = 1; rows <= 30; rows++) {
      for (const past of [1, 63, 64, 100, 511]) {
        const ids = Array.from({ length: rows }, () => [7]);
        const { batch, length, total } = buckets.pad({ firstRow: 0, ids, past: ids.map(() => past) });
        expect(length).toBe(1);
        expect(batch.ids.slice(0, rows)).toEqual(ids);
        expect(batch.ids.length).toBeLessThanOrEqual(30);
        expect(total).toBeGreaterThan(Math.max(...batch.past));
        expect(total).toBeLessThanOrEqual(512);
        shapes.add(`${batch.ids.length}`);
      }
    }
    expect([...shapes]).toEqual(['1', '2', '4', '8', '16', '24', '30']);
  });

  test('of prompts are few; of a chunk behind others its own', () => {
    const buckets = new ShapeBuckets({ rows: 4, capacity: 200 });
    const lengthOf = (length: number, past: number) =>
      buckets.pad({ firstRow: 1, ids: [Array.from({ length }, () => 1)], past: [past] });
    const lengths = new Set(Array.from({ length: 200 }, (_, i) => lengthOf(i + 1, 0).length));
    expect([...lengths]).toEqual([16, 32, 64, 128, 192, 200]);
    expect(lengthOf(37, 64)).toMatchObject({ length: 37, total: 101 });
  });

  test('a row that stands for nothing writes behind what its place holds', () => {
    const buckets = new ShapeBuckets({ rows: 4, capacity: 64 });
    buckets.pad({ firstRow: 3, ids: [[1, 2, 3]], past: [0] });
    buckets.pad({ firstRow: 1, ids: [Array.from({ length: 64 }, () => 1)], past: [0] });
    const pad = () => buckets.pad({ firstRow: 0, ids: [[1], [1], [1]], past: [1, 1, 1] }).batch.past;
    expect(pad()).toEqual([1, 1, 1, 3]);
    buckets.move({ from: 3, to: 2 });
    expect(pad()).toEqual([1, 1, 1, 0]);
  });
});

describe('the embedded model', () => {
  const shape = { layers: 6, kvHeads: 2, headDim: 64, rows: 8, capacity: 192, vocab: 4096 };
  let session: Session;
  beforeAll(async () => {
    const { runtime } = await openRuntime('auto');
    session = await runtime.open(path.join(embeddedModel, 'onnx/model_quantized.onnx'), { device: cpu, threads: 1 });
  });
  afterAll(() => session.close());

  test('says the same with padded shapes, rows beside those that decode included', async () => {
    const prompts = golden.map(({ prompt_ids }) => prompt_ids).filter(({ length }) => length < 120);
    const said = async (buckets: ShapeBuckets | null) => {
      const decoder = new Decoder(new CausalModel(session, shape, { buckets }), new PlainWeigher());
      const chunks = prompts.slice(0, 5).map((ids) => ({ ids, past: 0, sampling: greedy }));
      const long = prompts.toSorted((a, b) => b.length - a.length)[0]!;
      const tokens = [];
      const prefill = (firstRow: number, some: typeof chunks) =>
        decoder.step({ moves: [], work: { kind: 'prefill', firstRow, chunks: some } });
      const decode = (rows: number) => decoder.step({ moves: [], work: { kind: 'decode', rows, rounds: 2 } });
      tokens.push((await prefill(0, chunks)).tokens);
      // A prompt in chunks waits in the last row while others decode.
      await decoder.step({
        moves: [],
        work: { kind: 'prefill', firstRow: 7, chunks: [{ ids: long.slice(0, 9), past: 0 }] },
      });
      tokens.push((await decode(5)).tokens);
      tokens.push((await decode(1)).tokens, (await decode(5)).tokens);
      tokens.push((await prefill(7, [{ ids: long.slice(9), past: 9, sampling: greedy }])).tokens);
      const moves = [{ from: 7, to: 5 }];
      tokens.push((await decoder.step({ moves, work: { kind: 'decode', rows: 6, rounds: 3 } })).tokens);
      await decoder.rest();
      tokens.push((await prefill(0, chunks.slice(0, 3))).tokens, (await decode(3)).tokens);
      return tokens;
    };
    expect(await said(new ShapeBuckets(shape))).toEqual(await said(null));
  });
});
