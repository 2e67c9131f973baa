/** Each encoder family against transformers in FP32, near it in INT8, and a text alone against the same in company. */
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { buildModel } from '#octavo/models/build/build.js';
import type { Precision } from '#octavo/models/manifest.js';
import { encoderFixtures, type ReferenceText } from '../../support/encoder-fixtures.js';
import { temporaryFolder } from '../../support/folders.js';
import { type EncoderRun, OnnxEncoder } from '../../support/onnx-encoder.js';

const root = temporaryFolder();
/** Longer than every text. */
const padded = 32;

describe.each(encoderFixtures.map((fixture) => [fixture.name, fixture] as const))('%s', (_, { folder, texts }) => {
  const all = texts.map(({ ids }) => ids);

  it('computes what transformers does in FP32, with and without padding', async () => {
    const encoder = await openBuild(folder, 'fp32');
    const together = await encoder.run(all, padded);
    for (const [index, text] of texts.entries()) {
      const alone = await encoder.run([text.ids], text.ids.length);
      for (const { name, actual, expected } of [...compare(together, text, index), ...compare(alone, text, 0)]) {
        expect(largestError(actual, expected), `${name} of ${text.ids.length} tokens`).toBeLessThan(1e-4);
      }
    }
  });

  it.each([
    ['fp16', 0.005],
    ['int8', 0.15],
    ['int8-weight-fp16', 0.1],
  ] as const)('comes near it in %s', async (precision, bound) => {
    const run = await (await openBuild(folder, precision)).run(all, padded);
    const compared = texts.flatMap((text, index) => compare(run, text, index));
    const [actual, expected] = [compared.flatMap((one) => one.actual), compared.flatMap((one) => one.expected)];
    // Random weights carry rounding further than trained ones do.
    expect(relativeError(actual, expected)).toBeLessThan(bound);
  });

  it.each(['int8', 'int8-weight', 'int4-weight', 'int8-weight-fp16', 'fp32'] as const)(
    'gives a text the same bits alone and beside others in %s',
    async (precision) => {
      const encoder = await openBuild(folder, precision);
      const together = await encoder.run(all, padded);
      for (const [index, { ids }] of texts.entries()) {
        const alone = await encoder.run([ids], padded);
        for (const [name, row] of Object.entries(together)) {
          expect(row(index, ids.length), `${name} of ${ids.length} tokens`).toEqual(alone[name]?.(0, ids.length));
        }
      }
    },
  );
});

/** Builds once for each checkpoint and precision. */
async function openBuild(source: string, precision: Precision): Promise<OnnxEncoder> {
  const out = join(root, `${basename(source)}-${precision}`);
  if (!existsSync(out)) await buildModel({ source, out, precision });
  return OnnxEncoder.open(out);
}

interface Compared {
  readonly name: string;
  readonly actual: readonly number[];
  readonly expected: readonly number[];
}

/** What the reference has of a text, beside what row `row` of a run has. */
function compare(run: EncoderRun, text: ReferenceText, row: number): readonly Compared[] {
  const length = text.ids.length;
  if (text.logits) return [{ name: 'logits', actual: run.logits?.(row, length) ?? [], expected: text.logits }];
  const { states = [], embedding = [] } = text;
  const hidden = states.length / 2;
  const tokens = run.last_hidden_state?.(row, length) ?? [];
  const ends = [...tokens.slice(0, hidden), ...tokens.slice(-hidden)];
  return [
    { name: 'last_hidden_state', actual: ends, expected: states },
    { name: 'sentence_embedding', actual: run.sentence_embedding?.(row, length) ?? [], expected: embedding },
  ];
}

/** Of the expected values' largest. */
function largestError(actual: readonly number[], expected: readonly number[]): number {
  expect(actual.length).toBe(expected.length);
  const largest = Math.max(...expected.map(Math.abs));
  return Math.max(...expected.map((value, i) => Math.abs(actual[i]! - value))) / largest;
}

/** Root mean square of the error, in units of the expected values' own. */
function relativeError(actual: readonly number[], expected: readonly number[]): number {
  const square = (values: readonly number[]) => values.reduce((sum, value) => sum + value * value, 0);
  return Math.sqrt(square(expected.map((value, i) => actual[i]! - value)) / square(expected));
}
