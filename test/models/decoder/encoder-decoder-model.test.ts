/** T5 on the engine's own path, the C API with both caches in place: against transformers, and against itself in company. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { buildModel } from '#octavo/models/build/build.js';
import { Decoder } from '#octavo/models/decoder/decoder.js';
import { EncoderDecoderModel } from '#octavo/models/decoder/encoder-decoder-model.js';
import { greedy } from '#octavo/models/decoder/sampling.js';
import type { RowMove, Step } from '#octavo/models/decoder/step.js';
import { PlainWeigher } from '#octavo/models/decoder/weigher.js';
import { findOrtLibrary } from '#octavo/models/runtime/ort-library.js';
import { openOrtRuntime } from '#octavo/models/runtime/ort-session.js';
import { cpu, type Tensor, zeros } from '#octavo/models/runtime/runtime.js';
import { encoderDecoderFixtures } from '../../support/encoder-decoder-fixtures.js';
import { temporaryFolder } from '../../support/folders.js';

type Precision = 'fp32' | 'int8';

const root = temporaryFolder();
const runtime = openOrtRuntime(findOrtLibrary());
const rows = 6;

describe.each(encoderDecoderFixtures.map((fixture) => [fixture.name, fixture] as const))(
  '%s',
  (name, { folder, prompts }) => {
    const promptIds = prompts.map(({ ids }) => ids);

    it('reads prompts of several lengths together as transformers reads each, in FP32', async () => {
      const { encoder, shape } = await openSessions('fp32');
      const longest = Math.max(...promptIds.map((ids) => ids.length));
      const input = (value: (row: number, column: number) => number): Tensor => {
        const tensor = zeros('int64', [prompts.length, longest]);
        tensor.data.forEach((_, i) => {
          tensor.data[i] = BigInt(value(Math.floor(i / longest), i % longest));
        });
        return tensor;
      };
      const states = zeros('float32', [prompts.length, longest, shape.hidden]);
      const inputs = new Map([
        ['input_ids', input((row, column) => promptIds[row]![column] ?? 0)],
        ['attention_mask', input((row, column) => (column < promptIds[row]!.length ? 1 : 0))],
      ]);
      await encoder.run(inputs, new Map([['last_hidden_state', states]]));
      for (const [row, { states: expected }] of prompts.entries()) {
        for (const { position, values } of expected) {
          const start = (row * longest + position) * shape.hidden;
          const actual = (states.data as Float32Array).subarray(start, start + shape.hidden);
          expect(largestError(actual, values), `row ${row}, position ${position}`).toBeLessThan(1e-4);
        }
      }
    });

    it('computes the logits of transformers after the start token and after its whole output, in FP32', async () => {
      const model = await openModel('fp32');
      const last = prompts[0]!.greedy.length - 1;
      const first = await model.forward({ firstRow: 0, ids: promptIds, past: promptIds.map(() => 0) });
      expectLogits(first, 0);
      for (let step = 1; step <= last; step++) {
        const ids = prompts.map(({ greedy: tokens }) => [tokens[step - 1]!]);
        const past = promptIds.map(({ length }) => length + step - 1);
        const logits = await model.forward({ firstRow: 0, ids, past });
        if (step === last) expectLogits(logits, last);
      }
      await model.close();
    });

    it('writes the greedy output of transformers in FP32', async () => {
      const decoder = new Decoder(await openModel('fp32'), new PlainWeigher());
      expect(await decodeAll(decoder, promptIds)).toEqual(prompts.map(({ greedy: tokens }) => tokens));
      await decoder.close();
    });

    it('comes near its logits in INT8', async () => {
      const model = await openModel('int8');
      const logits = await model.forward({ firstRow: 0, ids: promptIds, past: promptIds.map(() => 0) });
      const expected = prompts.flatMap((prompt) => prompt.logits[0]!.values);
      expect(
        relativeError(
          logits.flatMap((row) => [...row]),
          expected,
        ),
      ).toBeLessThan(0.15);
      await model.close();
    });

    it('gives a row the same bits alone and beside others, step by step, in INT8', async () => {
      const [together, alone] = [await openModel('int8'), await openModel('int8')];
      const steps = prompts[0]!.greedy.length;
      for (let row = 0; row < rows; row++) {
        const bits: number[][] = [];
        for (let step = 0; step < steps; step++) {
          const [logits] = await alone.forward(batchOf([row], step));
          bits.push([...logits!]);
        }
        expectedBits[row] = bits;
      }
      for (let step = 0; step < steps; step++) {
        const logits = await together.forward(batchOf([...prompts.keys()], step));
        for (const [row, actual] of logits.entries()) {
          expect([...actual], `row ${row}, step ${step}`).toEqual(expectedBits[row]![step]);
        }
      }
      await Promise.all([together.close(), alone.close()]);
    });

    it('takes a row with its prompt and its output to another place', async () => {
      const decoder = new Decoder(await openModel('int8'), new PlainWeigher());
      const expected = await decodeAll(decoder, [promptIds[3]!, promptIds[4]!, promptIds[2]!]);
      const chunks = [promptIds[3]!, promptIds[4]!, promptIds[2]!].map((ids) => ({ ids, past: 0, sampling: greedy }));
      const step = async (work: Step['work'], moves: readonly RowMove[] = []) =>
        (await decoder.step({ moves, work })).tokens.map(([token]) => token);
      const tokens = [await step({ kind: 'prefill', firstRow: 0, chunks })];
      for (let i = 0; i < 6; i++) tokens.push(await step({ kind: 'decode', rows: 3, rounds: 1 }));
      // The second sequence leaves, the third takes its row, and another begins behind it.
      const rest = [await step({ kind: 'decode', rows: 2, rounds: 1 }, [{ from: 2, to: 1 }])];
      await step({ kind: 'prefill', firstRow: 2, chunks: [{ ids: promptIds[5]!, past: 0, sampling: greedy }] });
      for (let i = 0; i < 4; i++) rest.push(await step({ kind: 'decode', rows: 3, rounds: 1 }));
      expect(tokens.map((row) => row[0])).toEqual(expected[0]!.slice(0, 7));
      expect([...tokens.map((row) => row[2]), ...rest.map((row) => row[1])]).toEqual(expected[2]!.slice(0, 12));
      await decoder.close();
    });

    const expectedBits: number[][][] = [];

    /** Step 0 reads the prompts, a later one the token that transformers chose before it. */
    function batchOf(places: readonly number[], step: number) {
      const chosen = places.map((place) => prompts[place]!);
      return step === 0
        ? { firstRow: 0, ids: chosen.map(({ ids }) => ids), past: chosen.map(() => 0) }
        : {
            firstRow: 0,
            ids: chosen.map(({ greedy: tokens }) => [tokens[step - 1]!]),
            past: chosen.map(({ ids }) => ids.length + step - 1),
          };
    }

    function expectLogits(actual: readonly Float32Array[], step: number): void {
      for (const [row, { logits }] of prompts.entries()) {
        const { values } = logits.find((entry) => entry.step === step)!;
        expect(largestError(actual[row]!, values), `row ${row}, step ${step}`).toBeLessThan(1e-4);
      }
    }

    async function openModel(precision: Precision): Promise<EncoderDecoderModel> {
      const { encoder, decoder, shape, startToken } = await openSessions(precision);
      return new EncoderDecoderModel({ encoder, decoder, startToken }, { ...shape, rows, capacity: shape.context });
    }

    async function openSessions(precision: Precision) {
      const out = join(root, `${name}-${precision}`);
      const { encoder, graph, shape } = await buildModel({
        ...{ source: folder, out, precision, force: existsSync(out) },
      });
      const open = (path: string) => runtime.open(join(out, path), { device: cpu, threads: 2 });
      return {
        encoder: await open(encoder!.graph),
        decoder: await open(graph),
        shape,
        startToken: encoder!.startToken,
      };
    }

    /** All prompts padded together, then decoded together: the tokens of each. */
    async function decodeAll(decoder: Decoder, ids: readonly (readonly number[])[]): Promise<number[][]> {
      const chunks = ids.map((prompt) => ({ ids: prompt, past: 0, sampling: greedy }));
      const tokens: number[][] = ids.map(() => []);
      for (let step = 0; step < prompts[0]!.greedy.length; step++) {
        const work: Step['work'] =
          step === 0 ? { kind: 'prefill', firstRow: 0, chunks } : { kind: 'decode', rows: ids.length, rounds: 1 };
        const result = await decoder.step({ moves: [], work });
        result.tokens.forEach((sampled, row) => {
          tokens[row]!.push(...sampled);
        });
      }
      return tokens;
    }
  },
);

/** In units of the expected values' largest. */
function largestError(actual: ArrayLike<number>, expected: readonly number[]): number {
  const largest = Math.max(...expected.map(Math.abs));
  return Math.max(...expected.map((value, i) => Math.abs(actual[i]! - value))) / largest;
}

/** Root mean square of the error, in units of the expected values' own. */
function relativeError(actual: readonly number[], expected: readonly number[]): number {
  const square = (values: readonly number[]) => values.reduce((sum, value) => sum + value * value, 0);
  return Math.sqrt(square(expected.map((value, i) => actual[i]! - value)) / square(expected));
}
