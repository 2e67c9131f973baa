/** Rows in memory of ours choose together what they choose alone, whatever each asks for. */
import { expect, test } from 'vitest';
import { DecoderRow } from '#octavo/models/decoder/decoder-row.js';
import { HostRow, HostStep, type RowLogits } from '#octavo/models/decoder/logits.js';
import { greedy, type Sampling } from '#octavo/models/decoder/sampling.js';
import { oneByOne, openWeigher } from '#octavo/models/decoder/weigher.js';
import { openRuntime } from '#octavo/models/runtime/open-runtime.js';
import { logitsOf } from '../../support/random-logits.js';

const vocab = 4099;

const ways: readonly Partial<Sampling>[] = [
  { temperature: 1 },
  {},
  { temperature: 1, logProbabilities: true },
  { temperature: 0.8, topP: 0.9 },
  { temperature: 1, logProbabilities: true, logitBias: [[5, 1000]], topK: 4 },
  { temperature: 2, topP: 0.3, minP: 0.01 },
  { logProbabilities: true },
  { temperature: 1.5, topK: 40 },
  { temperature: 1, logitBias: [[7, 4]], logProbabilities: true },
];

test('nine rows, each in its own way', async () => {
  const { runtime } = await openRuntime('auto');
  const weigher = await openWeigher(runtime, vocab, 2);
  const step = Float32Array.from(ways.flatMap((_, row) => [...logitsOf(vocab, row)]));
  const rowOf = (index: number) => step.slice(index * vocab, (index + 1) * vocab);
  const sample = async (logits: RowLogits, index: number) => {
    const row = new DecoderRow();
    row.sampling = { ...greedy, ...ways[index], seed: index };
    return { token: await row.sample(logits), likely: row.logProbability };
  };
  const alone = [];
  for (const index of ways.keys()) alone.push(await sample(new HostRow(rowOf(index), oneByOne(weigher)), index));
  const together: unknown[] = [];
  const rows = ways.map((_, index) => step.subarray(index * vocab, (index + 1) * vocab));
  await new HostStep(rows, weigher).each(async (row, index) => {
    together[index] = await sample(row, index);
  });
  expect(together).toEqual(alone);
  await weigher.close();
});

test('a row that fails fails the step, when the others have chosen', async () => {
  const { runtime } = await openRuntime('auto');
  const weigher = await openWeigher(runtime, vocab, 2);
  const rows = [0, 1, 2].map((seed) => logitsOf(vocab, seed));
  let chosen = 0;
  const step = new HostStep(rows, weigher).each(async (row, index) => {
    if (index === 1) throw new Error('row 1 fails');
    await row.weigh(1);
    chosen += 1;
  });
  await expect(step).rejects.toThrow('row 1 fails');
  expect(chosen).toBe(2);
  await weigher.close();
});
