/** The sampler against a naive one: the same tokens are possible, and as often as their probabilities say. */
import { describe, expect, test } from 'vitest';
import { HostRow } from '#octavo/models/decoder/logits.js';
import { sampleToken } from '#octavo/models/decoder/sampler.js';
import { greedy, type Sampling } from '#octavo/models/decoder/sampling.js';
import { TokenHistory } from '#octavo/models/decoder/token-history.js';
import { oneByOne, PlainWeigher } from '#octavo/models/decoder/weigher.js';
import { misfit } from '../../support/chi-square.js';
import { Random } from '../../support/random.js';
import { type PastTokens, probabilities } from '../../support/reference-sampler.js';

const random: Sampling = { ...greedy, temperature: 1 };
const nothing: PastTokens = { prompt: [], generated: [] };
const weigher = new PlainWeigher();

function sample(logits: readonly number[], sampling: Sampling, past: PastTokens = nothing): Promise<number> {
  const history = new TokenHistory();
  history.addPrompt(past.prompt);
  for (const token of past.generated) history.addGenerated(token);
  return sampleToken(new HostRow(Float32Array.from(logits), oneByOne(weigher)), { sampling, history });
}

/** How often each token is drawn by the seeds `0 … draws - 1`. */
async function countDraws(logits: readonly number[], sampling: Sampling, draws: number): Promise<number[]> {
  const counts = logits.map(() => 0);
  for (let seed = 0; seed < draws; seed++) counts[await sample(logits, { ...sampling, seed })]! += 1;
  return counts;
}

const drawn = async (logits: readonly number[], sampling: Sampling) =>
  (await countDraws(logits, sampling, 400)).flatMap((count, token) => (count > 0 ? [token] : []));

describe('greedy', () => {
  test.each<[string, number[], number]>([
    ['the greatest logit', [1, 3, 2], 1],
    ['the lowest id of equal ones', [1, 3, 3, 3], 1],
    ['all equal', [0, 0, 0], 0],
    ['all negative', [-5, -1, -9], 1],
    ['forbidden tokens beside it', [-Infinity, -1e30, -Infinity], 1],
    ['huge values', [3e38, 3.1e38, -3e38], 1],
    ['no number beside it', [Number.NaN, 1, 2], 2],
    ['every token forbidden', [-Infinity, -Infinity], 0],
  ])('%s', async (_, logits, token) => {
    expect(await sample(logits, greedy)).toBe(token);
    expect(await sample(logits, { ...random, topK: 1 })).toBe(token);
  });
});

describe('which tokens are left', () => {
  // Probabilities 1/2, 1/4, 1/8, 1/8 in ids 2, 0, 3, 1.
  const logits = [Math.log(2), 0, Math.log(4), 0];

  test.each<[Partial<Sampling>, number[]]>([
    [{}, [0, 1, 2, 3]],
    [{ topK: 2 }, [0, 2]],
    [{ topK: 3 }, [0, 1, 2]],
    [{ topK: 99 }, [0, 1, 2, 3]],
    [{ topP: 0.49 }, [2]],
    [{ topP: 0.51 }, [0, 2]],
    [{ topP: 0.76 }, [0, 1, 2]],
    [{ topP: 0.9 }, [0, 1, 2, 3]],
    [{ topP: 1e-9 }, [2]],
    [{ minP: 0.2 }, [0, 1, 2, 3]],
    [{ minP: 0.26 }, [0, 2]],
    [{ minP: 1 }, [2]],
    [{ topK: 2, topP: 0.6 }, [2]],
    [{ topK: 3, topP: 0.99, minP: 0.3 }, [0, 2]],
    [{ topP: 0.99, minP: 0.26 }, [0, 2]],
  ])('%j', async (limits, expected) => {
    expect(await drawn(logits, { ...random, ...limits })).toEqual(expected);
  });

  test('a share that is reached exactly is enough', async () => {
    expect(await drawn([0, 0, 0, 0], { ...random, topP: 0.5 })).toEqual([0, 1]);
    expect(await drawn([0, 0, 0, 0], { ...random, topK: 2, topP: 0.5 })).toEqual([0]);
  });

  test('ties at the edge of top_k and top_p go to the lower id', async () => {
    const equal = [1, 1, 1, 1, 1, 1];
    expect(await drawn(equal, { ...random, topK: 3 })).toEqual([0, 1, 2]);
    expect(await drawn(equal, { ...random, topP: 0.4 })).toEqual([0, 1, 2]);
  });
});

describe('frequencies match the probabilities', () => {
  test.each<[string, number[], Partial<Sampling>]>([
    ['plain', [2, 1, 0, -1, 0.5], {}],
    ['sharpened', [2, 1, 0, -1, 0.5], { temperature: 0.4 }],
    ['flattened', [2, 1, 0, -1, 0.5], { temperature: 1.9 }],
    ['top_k', [2, 1, 0, -1, 0.5, 2], { topK: 3 }],
    ['top_p', [2, 1, 0, -1, 0.5, 2], { topP: 0.8 }],
    ['min_p', [2, 1, 0, -1, 0.5, 2], { minP: 0.2 }],
    ['all three', [2, 1, 0, -1, 0.5, 2], { topK: 5, topP: 0.95, minP: 0.1 }],
    ['all equal', [7, 7, 7, 7, 7, 7, 7], {}],
    ['with a forbidden token', [1, -Infinity, 2], {}],
  ])('%s', async (_, logits, changes) => {
    const sampling = { ...random, ...changes };
    const expected = probabilities(logits.map(Math.fround), sampling, nothing);
    expect(Math.abs(misfit(await countDraws(logits, sampling, 8000), expected))).toBeLessThan(4);
  });
});

test('over random cases no token is drawn that the reference excludes, and the frequencies fit', async () => {
  const values = new Random(11);
  const misfits: number[] = [];
  for (let round = 0; round < 400; round++) {
    const { logits, sampling, past } = randomCase(values);
    const expected = probabilities(logits, sampling, past);
    const counts = logits.map(() => 0);
    for (let seed = 0; seed < 60; seed++) counts[await sample(logits, { ...sampling, seed }, past)]! += 1;
    const excluded = counts.findIndex((count, token) => count > 0 && expected[token] === 0);
    expect(excluded, JSON.stringify({ logits, sampling, past })).toBe(-1);
    misfits.push(misfit(counts, expected));
  }
  // Each is nearly normal with mean 0 and deviation 1 where the sampler is right.
  expect(Math.max(...misfits)).toBeLessThan(5);
  expect(Math.abs(misfits.reduce((sum, value) => sum + value, 0) / misfits.length)).toBeLessThan(0.25);
});

/** Logits on a coarse grid, so that ties are common; every option on in about half of the cases. */
function randomCase(values: Random): { logits: number[]; sampling: Sampling; past: PastTokens } {
  const vocab = values.between(1, 50);
  const tokens = (count: number) => Array.from({ length: count }, () => values.below(vocab));
  const maybe = <T>(on: T, off: T): T => (values.below(2) === 0 ? on : off);
  return {
    logits: Array.from({ length: vocab }, () => (values.below(20) === 0 ? -1e4 : values.between(-12, 12) / 4)),
    sampling: {
      temperature: values.pick([0, 0.25, 0.7, 1, 2]),
      topK: maybe(values.between(1, 60), 0),
      topP: maybe(values.pick([0.05, 0.3, 0.62, 0.9, 0.999]), 1),
      minP: maybe(values.pick([0.01, 0.1, 0.5, 1]), 0),
      presencePenalty: maybe(values.between(-8, 8) / 4, 0),
      frequencyPenalty: maybe(values.between(-8, 8) / 4, 0),
      repetitionPenalty: maybe(values.pick([0.5, 1.25, 2]), 1),
      logitBias: maybe(
        [...new Set(tokens(3))].map((token) => [token, values.pick([-100, -1, 2])] as const),
        [],
      ),
      seed: 0,
      // Never the whole vocabulary.
      stopTokens: tokens(Math.min(3, vocab - 1)),
      minTokens: values.below(8),
    },
    past: { prompt: tokens(4), generated: tokens(values.below(8)) },
  };
}

describe('randomness', () => {
  const logits = Array.from({ length: 200 }, () => 0);

  test('the same seed and position draw the same token', async () => {
    const past = { prompt: [1, 2, 3], generated: [4] };
    const sampling = { ...random, seed: 12, topP: 0.9 };
    expect(await sample(logits, sampling, past)).toBe(await sample(logits, sampling, past));
    // The draw depends on the position, not on how prompt and output share it.
    expect(await sample(logits, sampling, { prompt: [9, 9], generated: [9, 9] })).toBe(
      await sample(logits, sampling, past),
    );
  });

  test('another seed or position draws another', async () => {
    const seeds = await Promise.all(Array.from({ length: 50 }, (_, seed) => sample(logits, { ...random, seed })));
    const positions = await Promise.all(
      Array.from({ length: 50 }, (_, length) =>
        sample(logits, random, { prompt: Array.from({ length }, () => 0), generated: [] }),
      ),
    );
    expect(new Set(seeds).size).toBeGreaterThan(30);
    expect(new Set(positions).size).toBeGreaterThan(30);
  });
});

describe('extreme logits always give a token', () => {
  const { NaN: none } = Number;
  const extremes: Record<string, number[]> = {
    'all forbidden': [-Infinity, -Infinity, -Infinity, -Infinity],
    'one not forbidden': [-Infinity, -Infinity, -Infinity, 2],
    'one overflowed': [1, 2, Infinity, 3],
    'some not numbers': [none, 1, 2, none],
    'no numbers at all': [none, none, none, none],
    'as large as floats go': [3.4e38, -3.4e38, 3.4e38, 0],
    'too far apart for weights': [0, -200, -1e10, -1e30],
  };
  const options: Partial<Sampling>[] = [{}, { topK: 2 }, { topP: 0.5 }, { minP: 0.1 }, { topK: 3, topP: 0.9, minP: 1 }];
  const temperatures = [1e-320, 1e-3, 1, 2];

  test.each(Object.entries(extremes))('%s', async (_, logits) => {
    const finite = logits.flatMap((logit, token) => (Number.isFinite(logit) ? [token] : []));
    const overflowed = logits.indexOf(Infinity);
    const allowed = overflowed >= 0 ? [overflowed] : finite.length > 0 ? finite : [0];
    for (const option of options) {
      for (const temperature of temperatures) {
        for (let seed = 0; seed < 20; seed++) {
          expect(allowed).toContain(await sample(logits, { ...random, ...option, temperature, seed }));
        }
      }
    }
  });

  test('a penalty that overflows a logit does not leave the row without a token', async () => {
    const sampling: Sampling = { ...random, topK: 2, minP: 0.1, repetitionPenalty: 1e-300 };
    expect(await sample([1, 2, 3, -1], sampling, { prompt: [1], generated: [] })).toBe(1);
  });
});

test('the logits given are the only ones that are changed', async () => {
  const all = Float32Array.of(9, 9, 1, 2, 3, 9);
  const row = new HostRow(all.subarray(2, 5), oneByOne(weigher));
  await sampleToken(row, { sampling: { ...random, topP: 0.5 }, history: new TokenHistory() });
  expect([all[0], all[1], all[5]]).toEqual([9, 9, 9]);
});
