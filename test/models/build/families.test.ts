/** Each family against transformers in FP32; in the others near it, and against itself, alone and in company. */
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { buildModel } from '#octavo/models/build/build.js';
import type { Precision } from '#octavo/models/manifest.js';
import { familyFixtures } from '../../support/family-fixtures.js';
import { temporaryFolder } from '../../support/folders.js';
import { type DecoderRun, OnnxDecoder } from '../../support/onnx-decoder.js';

const root = temporaryFolder();
// Where Node has an array for float16 (24), onnxruntime-node takes no cache in it: the engine's own tests hold these there.
const quantised = (['int8', 'int8-weight', 'int4-weight', 'int8-weight-fp16', 'int4-weight-fp16'] as const).filter(
  (precision) => !(precision.endsWith('fp16') && 'Float16Array' in globalThis),
);

describe.each(familyFixtures.map((fixture) => [fixture.name, fixture] as const))('%s', (_, { folder, reference }) => {
  const { prompts } = reference;
  const rows = prompts.map(({ ids }) => ids);

  it('computes the logits of transformers in FP32', async () => {
    const decoder = await openBuild(folder, { precision: 'fp32', keep: 0 });
    for (const { ids, logits } of prompts) {
      const run = await decoder.run({ rows: [ids] });
      for (const { position, values } of logits) {
        expect(largestError(rowOf(run, position), values), `position ${position} of ${ids.length}`).toBeLessThan(1e-4);
      }
    }
  });

  it('computes them for prompts right-padded together, and goes on with the same tokens, in FP32', async () => {
    const decoder = await openBuild(folder, { precision: 'fp32', keep: 1 });
    const together = await decoder.run({ rows });
    reference.batch.forEach((values, row) => {
      expect(largestError(rowOf(together, row), values), `row ${row}`).toBeLessThan(1e-4);
    });
    for (const { ids, greedy } of prompts) expect(await decoder.greedy(ids, greedy.length)).toEqual(greedy);
  });

  // Random weights carry rounding further than trained ones do, which have few sharp choices; unrelated logits err by 1.4.
  it.each([
    ['fp16', 0.005],
    ['int8', 0.15],
    ['int8-weight', 0.1],
    ['int4-weight', 0.75],
    ['int8-weight-fp16', 0.1],
    ['int4-weight-fp16', 0.75],
  ] as const)('comes near them in %s', async (precision, bound) => {
    const decoder = await openBuild(folder, { precision, keep: 0 });
    const [actual, expected]: [number[], number[]] = [[], []];
    for (const { ids, logits } of prompts) {
      const run = await decoder.run({ rows: [ids] });
      for (const { position, values } of logits) {
        actual.push(...rowOf(run, position));
        expected.push(...values);
      }
    }
    expect(relativeError(actual, expected)).toBeLessThan(bound);
  });

  it.each(quantised)(
    'gives a row the same bits alone and beside others, in prefill and in decode, in %s',
    async (precision) => {
      const decoder = await openBuild(folder, { precision, keep: 1 });
      const next = rows.map((_, row) => [row + 1]);
      const lengths = rows.map((row) => row.length);
      const prefill = await decoder.run({ rows });
      const decode = await decoder.run({ rows: next, past: { present: prefill.present, lengths } });
      for (const [row, ids] of rows.entries()) {
        const alone = await decoder.run({ rows: [ids] });
        expect(rowOf(prefill, row), `prefill of row ${row}`).toEqual(rowOf(alone, 0));
        const past = { present: alone.present, lengths: [ids.length] };
        const decodedAlone = await decoder.run({ rows: [next[row]!], past });
        expect(rowOf(decode, row), `decode of row ${row}`).toEqual(rowOf(decodedAlone, 0));
      }
    },
  );
});

/** Builds once for each checkpoint and precision. */
async function openBuild(
  source: string,
  { precision, keep }: { precision: Precision; keep: 0 | 1 },
): Promise<OnnxDecoder> {
  const out = join(root, `${basename(source)}-${precision}`);
  if (!existsSync(out)) await buildModel({ source, out, precision });
  return OnnxDecoder.open(out, { keep });
}

/** Logits number `index`, counted through rows and positions. */
function rowOf({ logits, dims }: DecoderRun, index: number): readonly number[] {
  const vocab = dims.at(-1) ?? 0;
  return [...logits.subarray(index * vocab, (index + 1) * vocab)];
}

/** Of the expected values' largest. */
function largestError(actual: readonly number[], expected: readonly number[]): number {
  const largest = Math.max(...expected.map(Math.abs));
  return Math.max(...expected.map((value, i) => Math.abs(actual[i]! - value))) / largest;
}

/** Root mean square of the error, in units of the expected values' own. */
function relativeError(actual: readonly number[], expected: readonly number[]): number {
  const square = (values: readonly number[]) => values.reduce((sum, value) => sum + value * value, 0);
  return Math.sqrt(square(expected.map((value, i) => actual[i]! - value)) / square(expected));
}
