/** Weights by ONNX Runtime against the plain loop: the same distribution, at every size and for every odd logit. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HostRow } from '#octavo/models/decoder/logits.js';
import { sampleToken } from '#octavo/models/decoder/sampler.js';
import { greedy } from '#octavo/models/decoder/sampling.js';
import { TokenHistory } from '#octavo/models/decoder/token-history.js';
import { oneByOne, openWeigher, PlainWeigher, type Weigher, type WeighRow } from '#octavo/models/decoder/weigher.js';
import type { Weights } from '#octavo/models/decoder/weights.js';
import { openRuntime } from '#octavo/models/runtime/open-runtime.js';
import type { Runtime } from '#octavo/models/runtime/runtime.js';
import { logitsOf } from '../../support/random-logits.js';

const plain = oneByOne(new PlainWeigher());
let runtime: Runtime;
beforeAll(async () => {
  ({ runtime } = await openRuntime('auto'));
});

describe.each([1024, 1027, 4096, 50_257])('a vocabulary of %i', (vocab) => {
  let weigher: Weigher;
  let weigh: WeighRow;
  beforeAll(async () => {
    weigher = await openWeigher(runtime, vocab, 2);
    weigh = oneByOne(weigher);
  });
  afterAll(() => weigher.close());

  test.each([1e-320, 0.05, 0.7, 1, 2])('at temperature %d weighs each token as the loop does', async (temperature) => {
    const logits = logitsOf(vocab, 3);
    const [expected, actual] = [await plain({ logits, temperature }), await weigh({ logits, temperature })];
    for (const part of ['values', 'sums', 'peaks'] as const) {
      expect(actual[part].length).toBe(expected[part].length);
      // exp of two libraries differs in the last bits; what is near zero counts for nothing.
      const wrong = expected[part].findIndex(
        (weight, i) => Math.abs(weight - actual[part][i]!) > 2e-5 * weight + 1e-30,
      );
      expect(wrong, part).toBe(-1);
    }
    expect(Math.max(...actual.peaks)).toBe(1);
  });

  test.each<[string, (logits: Float32Array) => void, number]>([
    ['some not numbers', (logits) => logits.fill(Number.NaN, 5, 90), 1],
    ['no numbers at all', (logits) => logits.fill(Number.NaN), 0],
    ['all forbidden', (logits) => logits.fill(-Infinity), 0],
    ['all forbidden but one', (logits) => logits.fill(-Infinity, 1), 1],
    ['one overflowed', (logits) => logits.fill(Infinity, 7, 8), 0],
  ])('%s', async (_, spoil, least) => {
    const logits = logitsOf(vocab, 4);
    spoil(logits);
    const [expected, actual] = [await plain({ logits, temperature: 1 }), await weigh({ logits, temperature: 1 })];
    expect(actual.total).toBeCloseTo(expected.total, 2);
    expect(actual.total).toBeGreaterThanOrEqual(least);
    expect(actual.values.some(Number.isNaN)).toBe(false);
  });

  test('the same seeds draw the same tokens as from the loop, whatever is cut off', async () => {
    const limits = [
      {},
      { topP: 0.9 },
      { topP: 0.1 },
      { topK: 3 },
      { topK: 700 },
      { topK: 40, topP: 0.95, minP: 0.02 },
      { minP: 0.1 },
    ];
    for (const limit of limits) {
      for (let seed = 0; seed < 12; seed++) {
        const row = { sampling: { ...greedy, temperature: 1, ...limit, seed }, history: new TokenHistory() };
        const logits = logitsOf(vocab, seed);
        expect(await sampleToken(new HostRow(logits, weigh), row), JSON.stringify({ limit, seed })).toBe(
          await sampleToken(new HostRow(logits, plain), row),
        );
      }
    }
  });
});

test('rows are weighed to the same bits alone and in company, in one memory or several', async () => {
  const vocab = 4099;
  const weigher = await openWeigher(runtime, vocab, 2);
  const memory = Float32Array.from([0, 1, 2].flatMap((seed) => [...logitsOf(vocab, seed)]));
  const rows = [0, 1, 2].map((row) => ({
    logits: memory.subarray(row * vocab, (row + 1) * vocab),
    temperature: 0.5 + row,
  }));
  const groups = [
    rows,
    [rows[0]!, rows[2]!, rows[1]!],
    [rows[1]!, { ...rows[1]!, temperature: 1 }, rows[0]!, rows[1]!],
  ];
  const bits = ({ values, sums, peaks }: Weights) =>
    [values, sums, peaks].map((part) => Buffer.from(part.slice().buffer));
  for (const group of groups) {
    const together = (await weigher.weigh(group)).map(bits);
    for (const [i, row] of group.entries()) expect(together[i]).toEqual(bits(await oneByOne(weigher)(row)));
  }
  await weigher.close();
});

test('a flat distribution over many tokens keeps exactly the share that top_p asks for', async () => {
  const vocab = 8192;
  const weigher = await openWeigher(runtime, vocab, 2);
  const weigh = oneByOne(weigher);
  // Token t is a little likelier than token t + 1: the first 4,096 hold a little more than half.
  const logits = Float32Array.from({ length: vocab }, (_, token) => -token * 1e-6);
  const drawn = new Set<number>();
  for (let seed = 0; seed < 300; seed++) {
    const row = { sampling: { ...greedy, temperature: 1, topP: 0.5, seed }, history: new TokenHistory() };
    drawn.add(await sampleToken(new HostRow(logits.slice(), weigh), row));
  }
  expect(Math.max(...drawn)).toBeLessThan(4096);
  expect(Math.max(...drawn)).toBeGreaterThan(3900);
  expect(drawn.size).toBeGreaterThan(250);
  await weigher.close();
});
