/** The log-probability of sampled tokens: the model's own, whatever the sampling did to it, and only where asked. */
import { describe, expect, test } from 'vitest';
import { CausalModel } from '#octavo/models/decoder/causal-model.js';
import { Decoder } from '#octavo/models/decoder/decoder.js';
import { logProbabilities } from '#octavo/models/decoder/log-probability.js';
import { greedy, type Sampling } from '#octavo/models/decoder/sampling.js';
import { oneByOne, PlainWeigher } from '#octavo/models/decoder/weigher.js';
import { FakeSession } from '../../support/fake-session.js';
import { Random } from '../../support/random.js';

const weigh = oneByOne(new PlainWeigher());

/** In double precision, from the definition. */
function expected(logits: Float32Array, token: number): number {
  const max = Math.max(...logits);
  const sum = logits.reduce((total, logit) => total + Math.exp(logit - max), 0);
  return logits[token]! - max - Math.log(sum);
}

describe('the logarithm of the softmax', () => {
  test('of any logits, and not of what they are changed to afterwards', async () => {
    const random = new Random(3);
    for (const scale of [0.01, 1, 30, 3000]) {
      const logits = Float32Array.from({ length: 500 }, () => (random.below(2001) / 1000 - 1) * scale);
      const raw = logits.slice();
      const likely = await logProbabilities(logits, weigh);
      logits.fill(0);
      for (const token of [0, 7, 499]) expect(likely(token)).toBeCloseTo(expected(raw, token), 3);
    }
  });

  test('of logits that are no numbers is nothing, never NaN', async () => {
    const likely = await logProbabilities(Float32Array.of(0, -Infinity, NaN, 0), weigh);
    expect([likely(0), likely(1), likely(2)]).toEqual([Math.log(0.5), -Infinity, -Infinity]);
    const none = await logProbabilities(Float32Array.of(NaN, NaN), weigh);
    expect(none(0)).toBe(-Infinity);
  });
});

test('rows that ask are told of every token, the others of none', async () => {
  const shape = { layers: 2, kvHeads: 2, headDim: 2, rows: 4, capacity: 32, vocab: 97 };
  const decoder = new Decoder(new CausalModel(new FakeSession({ vocab: 97 }), shape), new PlainWeigher());
  const asking: Sampling = { ...greedy, logProbabilities: true };
  // A bias chooses another token; its probability is still the model's own.
  const biased: Sampling = { ...asking, logitBias: [[5, 1000]] };
  const chunks = [asking, greedy, biased].map((sampling) => ({ ids: [1, 2, 3], past: 0, sampling }));
  const first = await decoder.step({ moves: [], work: { kind: 'prefill', firstRow: 0, chunks } });
  const next = await decoder.step({ moves: [], work: { kind: 'decode', rows: 3, rounds: 2 } });
  expect([first, next].map(({ logProbabilities: told }) => told?.map(({ length }) => length))).toEqual([
    [1, 0, 1],
    [2, 0, 2],
  ]);
  const [likeliest, , unlikely] = first.logProbabilities ?? [];
  expect(first.tokens[2]).toEqual([5]);
  expect(unlikely![0]!).toBeLessThan(likeliest![0]!);
  expect(likeliest![0]!).toBeLessThanOrEqual(0);
});
