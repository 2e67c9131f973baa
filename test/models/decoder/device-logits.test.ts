/**
 * Sampling whose heavy part runs beside the logits, here on the CPU's own provider with memory of ours as the device's: the tokens of
 * the sampler that reads whole rows.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DeviceLogits } from '#octavo/models/decoder/device-logits.js';
import { DeviceStep } from '#octavo/models/decoder/device-step.js';
import { HostRow, type RowLogits, type StepLogits } from '#octavo/models/decoder/logits.js';
import { sampleToken } from '#octavo/models/decoder/sampler.js';
import { greedy, type Sampling } from '#octavo/models/decoder/sampling.js';
import { TokenHistory } from '#octavo/models/decoder/token-history.js';
import { oneByOne, openWeigher, type Weigher } from '#octavo/models/decoder/weigher.js';
import { openRuntime } from '#octavo/models/runtime/open-runtime.js';
import type { Runtime } from '#octavo/models/runtime/runtime.js';
import { HostDevice } from '../../support/host-device.js';
import { Random } from '../../support/random.js';
import { logitsOf } from '../../support/random-logits.js';

const ways: Partial<Sampling>[] = [
  {},
  { temperature: 1e-320 },
  { temperature: 0.05 },
  { temperature: 1 },
  { temperature: 2 },
  { temperature: 1, topK: 1 },
  { temperature: 1, topK: 3 },
  { temperature: 1, topK: 50 },
  { temperature: 1, topK: 700 },
  { temperature: 1, topP: 0.1 },
  { temperature: 0.7, topP: 0.9 },
  { temperature: 2, topP: 0.99 },
  { temperature: 1, minP: 0.1 },
  { temperature: 1.5, topK: 40, topP: 0.95, minP: 0.02 },
  { repetitionPenalty: 1.3 },
  { temperature: 1, presencePenalty: 0.5, frequencyPenalty: 0.25 },
  {
    temperature: 1,
    topP: 0.9,
    logitBias: [
      [17, 100],
      [3, -100],
    ],
  },
  { temperature: 1, stopTokens: [5, 6], minTokens: 4 },
];

let runtime: Runtime;
beforeAll(async () => {
  ({ runtime } = await openRuntime('auto'));
});

function historyOf(seed: number): TokenHistory {
  const random = new Random(seed);
  const history = new TokenHistory();
  history.addPrompt(Array.from({ length: 9 }, () => random.below(900)));
  for (let i = 0; i < 3; i++) history.addGenerated(random.below(900));
  return history;
}

describe.each([97, 1024, 1027, 6001])('a vocabulary of %i', (vocab) => {
  let weigher: Weigher;
  let device: HostDevice;
  let logits: DeviceLogits;

  beforeAll(async () => {
    weigher = await openWeigher(runtime, vocab, 2);
    device = new HostDevice();
    logits = await DeviceLogits.open(device, { vocab, weigher }, { open: (graph) => device.open(runtime, graph) });
  });
  afterAll(() => Promise.all([logits.close(), weigher.close()]));

  function read(rows: readonly Float32Array[]): StepLogits {
    const target = logits.target(rows.length, 1);
    for (const [i, row] of rows.entries()) device.dataOf(target).set(row, i * vocab);
    return new DeviceStep(logits, rows.length);
  }

  async function sampleAll(rows: readonly Float32Array[], samplings: readonly Sampling[]) {
    const tokens: number[] = [];
    const likely: (number | null)[] = [];
    await read(rows).each(async (row, i) => {
      const probability = samplings[i]!.logProbabilities ? await row.logProbabilities() : null;
      tokens[i] = await sampleToken(row, { sampling: samplings[i]!, history: historyOf(i) });
      likely[i] = probability === null ? null : await probability(tokens[i]!);
    });
    return { tokens, likely };
  }

  async function sampleOnHost(values: Float32Array, sampling: Sampling, index: number) {
    const row: RowLogits = new HostRow(values.slice(), oneByOne(weigher));
    const probability = await row.logProbabilities();
    const token = await sampleToken(row, { sampling, history: historyOf(index) });
    return { token, probability: await probability(token) };
  }

  test('rows of every way of sampling beside each other get the tokens that they get from whole rows', async () => {
    for (let seed = 0; seed < 12; seed++) {
      const rows = ways.map((_, i) => logitsOf(vocab, 100 * seed + i));
      const samplings = ways.map((way, i) => ({ ...greedy, ...way, seed, logProbabilities: (seed + i) % 2 === 0 }));
      const { tokens, likely } = await sampleAll(rows, samplings);
      for (const [i, sampling] of samplings.entries()) {
        const expected = await sampleOnHost(rows[i]!, sampling, i);
        expect(tokens[i], JSON.stringify(sampling)).toBe(expected.token);
        if (sampling.logProbabilities) expect(likely[i]).toBeCloseTo(expected.probability, 4);
        else expect(likely[i]).toBeNull();
      }
    }
  });

  test('ties go to the lowest id, within a block and across blocks, in whichever way', async () => {
    for (const [first, second] of [
      [3, 5],
      [60, 70],
      [2, vocab - 1],
    ] as const) {
      const row = logitsOf(vocab, 5);
      row[first] = row[second] = 40;
      const equal = { ...greedy, temperature: 1, topK: 2, topP: 0.5 };
      const { tokens } = await sampleAll([row, row, row], [greedy, equal, { ...greedy, temperature: 1, topK: 1 }]);
      expect(tokens).toEqual([first, first, first]);
    }
    const flat = new Float32Array(vocab);
    const samplings = [0, 1, 2, 3].map((seed) => ({ ...greedy, temperature: 1, topK: 70, seed }));
    const { tokens } = await sampleAll([flat, flat, flat, flat], samplings);
    for (const [i, sampling] of samplings.entries()) {
      expect(tokens[i]).toBe((await sampleOnHost(flat, sampling, i)).token);
    }
  });

  test.each<[string, (row: Float32Array) => void]>([
    ['some not numbers', (row) => row.fill(Number.NaN, 5, 90)],
    ['no numbers at all', (row) => row.fill(Number.NaN)],
    ['all forbidden', (row) => row.fill(-Infinity)],
    ['all forbidden but one', (row) => row.fill(-Infinity, 1)],
    ['one overflowed', (row) => row.fill(Infinity, 7, 8)],
  ])('%s: as from whole rows', async (_, spoil) => {
    const rows = [logitsOf(vocab, 1), logitsOf(vocab, 2), logitsOf(vocab, 3)];
    spoil(rows[1]!);
    for (const way of [{}, { temperature: 1 }, { temperature: 1, topK: 5, minP: 0.1 }]) {
      const sampling = { ...greedy, ...way };
      const { tokens } = await sampleAll(rows, [sampling, sampling, sampling]);
      for (const [i, row] of rows.entries()) expect(tokens[i]).toBe((await sampleOnHost(row, sampling, i)).token);
    }
  });

  test('a row is read by itself, too, as guesses are', async () => {
    const rows = [logitsOf(vocab, 8), logitsOf(vocab, 9)];
    const step = read(rows);
    const sampling = { ...greedy, temperature: 1, topP: 0.9 };
    for (const [i, row] of rows.entries()) {
      const token = await sampleToken(step.rows[i]!, { sampling, history: historyOf(i) });
      expect(token).toBe((await sampleOnHost(row, sampling, i)).token);
    }
  });

  test('what fails on the device fails the step, and the next one works', async () => {
    const step = read([logitsOf(vocab, 1), logitsOf(vocab, 2)]);
    device.fail('lost');
    const chosen = step.each(async (row) => {
      await row.weigh(1);
    });
    await expect(chosen).rejects.toThrow('lost');
    device.fail(null);
    const { tokens } = await sampleAll([logitsOf(vocab, 1)], [greedy]);
    expect(tokens).toEqual([(await sampleOnHost(logitsOf(vocab, 1), greedy, 0)).token]);
  });
});

test('of a large vocabulary little crosses: blocks, not rows', async () => {
  const vocab = 50_257;
  const weigher = await openWeigher(runtime, vocab, 2);
  const device = new HostDevice();
  const open = (graph: string | Uint8Array) => device.open(runtime, graph);
  const logits = await DeviceLogits.open(device, { vocab, weigher }, { open });
  const bytesOf = async (way: Partial<Sampling>) => {
    const target = logits.target(1, 1);
    device.dataOf(target).set(logitsOf(vocab, 3));
    const before = device.crossed;
    const sampling = { ...greedy, ...way };
    await sampleToken(new DeviceStep(logits, 1).rows[0]!, { sampling, history: historyOf(0) });
    return device.crossed - before;
  };
  const row = vocab * 4;
  expect(await bytesOf({})).toBeLessThan(row / 500);
  for (const way of [{}, { topP: 0.9 }, { topK: 50 }, { minP: 0.05 }]) {
    expect(await bytesOf({ temperature: 0.7, ...way }), JSON.stringify(way)).toBeLessThan(row / 6);
  }
  expect(await bytesOf({ temperature: 1, frequencyPenalty: 1 })).toBeGreaterThanOrEqual(row);
  await Promise.all([logits.close(), weigher.close()]);
});
