/** Each family on the engine's own path, the C API with the cache in place: together, in chunks, and token by token. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { buildModel } from '#octavo/models/build/build.js';
import type { CacheRanges } from '#octavo/models/build/graph/cache-scales.js';
import { cacheShape } from '#octavo/models/cache-shape.js';
import { measureCacheRanges } from '#octavo/models/calibration/cache-ranges.js';
import { CausalModel } from '#octavo/models/decoder/causal-model.js';
import { Decoder } from '#octavo/models/decoder/decoder.js';
import { greedy } from '#octavo/models/decoder/sampling.js';
import type { PromptChunk, Step } from '#octavo/models/decoder/step.js';
import { PlainWeigher } from '#octavo/models/decoder/weigher.js';
import type { Precision } from '#octavo/models/manifest.js';
import { findOrtLibrary } from '#octavo/models/runtime/ort-library.js';
import { openOrtRuntime } from '#octavo/models/runtime/ort-session.js';
import { cpu } from '#octavo/models/runtime/runtime.js';
import { familyFixtures } from '../../support/family-fixtures.js';
import { temporaryFolder } from '../../support/folders.js';
import { OnnxDecoder } from '../../support/onnx-decoder.js';

const root = temporaryFolder();
const runtime = openOrtRuntime(findOrtLibrary());

describe.each(familyFixtures.map((fixture) => [fixture.name, fixture] as const))(
  '%s',
  (name, { folder, reference }) => {
    const { prompts } = reference;

    it('gives the tokens of transformers in FP32, whole and in chunks', async () => {
      const decoder = await openDecoder('fp32');
      expect(await decodeAll(decoder)).toEqual(prompts.map(({ greedy: tokens }) => tokens));
      for (const { ids, greedy: tokens } of prompts.filter(({ ids }) => ids.length >= 4)) {
        expect(await decodeInChunks(decoder, ids)).toEqual(tokens);
      }
      await decoder.close();
    });

    const quantised = ['int8', 'int8-weight', 'int4-weight', 'int8-weight-fp16', 'int4-weight-fp16'] as const;
    it.each(quantised)('gives a prompt the same tokens in company and in chunks in %s', async (precision) => {
      const decoder = await openDecoder(precision);
      const together = await decodeAll(decoder);
      for (const [row, { ids }] of prompts.entries()) {
        if (ids.length >= 4) expect(await decodeInChunks(decoder, ids)).toEqual(together[row]);
      }
      await decoder.close();
    });

    it('gives nearly all tokens of FP32 in float16, cache included', async () => {
      const decoder = await openDecoder('fp16');
      const tokens = (await decodeAll(decoder)).flat();
      const expected = prompts.flatMap((prompt) => prompt.greedy);
      expect(tokens.filter((token, index) => token === expected[index]).length).toBeGreaterThan(0.9 * expected.length);
      await decoder.close();
    });

    it('predicts nearly all tokens of FP32 with a cache in int8, and gives the same ones in company and in chunks', async () => {
      const reference = join(root, `${name}-reference`);
      await buildModel({ source: folder, out: reference, precision: 'fp32' });
      const cacheRanges = await measureCacheRanges({ reference, text: null, threads: 2 });
      const decoder = await openDecoder('fp32', cacheRanges);
      const predictor = await OnnxDecoder.open(join(root, `${name}-fp32-cache`), { keep: 0 });
      const total = prompts.reduce((sum, { greedy: tokens }) => sum + tokens.length, 0);
      let same = 0;
      for (const { ids, greedy: tokens } of prompts) same += await predictor.agreement(ids, tokens);
      expect(same).toBeGreaterThan(0.8 * total);
      const together = await decodeAll(decoder);
      for (const [row, { ids }] of prompts.entries()) {
        if (ids.length >= 4) expect(await decodeInChunks(decoder, ids)).toEqual(together[row]);
      }
      await decoder.close();
    });

    async function openDecoder(precision: Precision, cacheRanges?: CacheRanges): Promise<Decoder> {
      const out = join(root, `${name}-${precision}${cacheRanges ? '-cache' : ''}`);
      const manifest = await buildModel({ source: folder, out, precision, cacheRanges });
      const { graph, shape } = manifest;
      const session = await runtime.open(join(out, graph), { device: cpu, threads: 2 });
      return new Decoder(
        new CausalModel(session, { ...cacheShape(manifest), rows: prompts.length, capacity: shape.context }),
        new PlainWeigher(),
      );
    }

    /** All prompts padded together, then decoded together: the tokens of each. */
    async function decodeAll(decoder: Decoder): Promise<number[][]> {
      const chunks = prompts.map(({ ids }) => ({ ids, past: 0, sampling: greedy }));
      return decodeAfter(decoder, [chunks]);
    }

    async function decodeInChunks(decoder: Decoder, ids: readonly number[]): Promise<number[] | undefined> {
      const middle = Math.floor(ids.length / 2);
      const chunks: PromptChunk[] = [
        { ids: ids.slice(0, middle), past: 0 },
        { ids: ids.slice(middle), past: middle, sampling: greedy },
      ];
      return (
        await decodeAfter(
          decoder,
          chunks.map((chunk) => [chunk]),
        )
      )[0];
    }

    /** Each prefill into the first rows, then as many tokens of each row as the reference has. */
    async function decodeAfter(decoder: Decoder, prefills: readonly (readonly PromptChunk[])[]): Promise<number[][]> {
      const rows = prefills[0]?.length ?? 0;
      const steps: Step['work'][] = prefills.map((chunks) => ({ kind: 'prefill', firstRow: 0, chunks }));
      const count = prompts[0]?.greedy.length ?? 0;
      for (let i = 1; i < count; i++) steps.push({ kind: 'decode', rows, rounds: 1 });
      const tokens: number[][] = Array.from({ length: rows }, () => []);
      for (const work of steps) {
        const result = await decoder.step({ moves: [], work });
        result.tokens.forEach((sampled, row) => {
          tokens[row]?.push(...sampled);
        });
      }
      return tokens;
    }
  },
);
