/** The promise of the product: a sequence's tokens do not depend on who shares the batch. On every device. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { GenerationRequest } from '#octavo/batcher/generation.js';
import type { SchedulerLimits } from '#octavo/batcher/scheduler.js';
import type { DeviceName } from '#octavo/device-name.js';
import { greedy, type Sampling } from '#octavo/models/decoder/sampling.js';
import { type LoadedDecoder, loadDecoder } from '#octavo/models/load-model.js';
import { keepCompany } from '../../support/company.js';
import { Random } from '../../support/random.js';

export interface InvarianceCase {
  readonly device: DeviceName;
  /** Gives the model's folder. */
  readonly build: () => Promise<string>;
  readonly rows: number;
  readonly context: number;
  readonly chunkTokens: number;
  /** Prompts have fewer tokens. */
  readonly longest: number;
  /** A sequence has from 8 tokens to so many. */
  readonly mostTokens: number;
  /** Sequences of the large company, and of the one under changing budgets. */
  readonly sequences: readonly [large: number, small: number];
  readonly budgets: number;
}

/** Defines the tests; `name` is that of the model. */
export function describeInvariance(name: string, of: InvarianceCase): void {
  const { rows, chunkTokens } = of;

  describe(`batch invariance of ${name} on ${of.device}`, () => {
    let loaded: LoadedDecoder;
    let createRequest: (index: number, random: Random) => GenerationRequest;

    beforeAll(async () => {
      const options = { name: null, rows, context: of.context, runtime: 'auto', threads: 2 } as const;
      loaded = await loadDecoder({ ...options, device: of.device, folder: await of.build() });
      createRequest = requestsFor(of, loaded.model.tokenizer.vocabSize);
    });

    afterAll(async () => {
      await loaded.close();
    });

    const [large, small] = of.sequences;

    it(`gives ${large} prompts the same tokens alone and in changing company`, async () => {
      const random = new Random(7);
      const requests = Array.from({ length: large }, (_, index) => createRequest(index, random));

      const { alone, together, steps } = await keepCompany({
        engine: loaded.engine,
        scheduler: { chunkTokens, prefillTokens: 4 * chunkTokens, maxWaste: 0.5, messageMs: 4, grouping: 'length' },
        requests,
        stranger: (index) => createRequest(index + 1000, random),
        random,
      });

      expect(together).toEqual(alone);
      // The company was real: full batches, prompts prefilled together, prompts in chunks between decode steps.
      const prefills = steps.filter(({ kind }) => kind === 'prefill');
      expect(Math.max(...steps.filter(({ kind }) => kind === 'decode').map((step) => step.rows))).toBe(rows);
      expect(prefills.filter((step) => step.rows > 1).length).toBeGreaterThan(large / 10);
      expect(prefills.filter(({ tokens }) => tokens === chunkTokens).length).toBeGreaterThan(large / 3);
    }, 120_000);

    it('gives them the same tokens under any budgets', async () => {
      const requests = Array.from({ length: small }, (_, index) => createRequest(index, new Random(index)));
      const outputs = new Set<string>();
      for (let seed = 1; seed <= of.budgets; seed++) {
        const random = new Random(seed);
        const scheduler: SchedulerLimits = {
          chunkTokens: random.between(2, 100),
          prefillTokens: random.between(16, 300),
          maxWaste: random.pick([0, 0.1, 1]),
          messageMs: random.pick([0, 4, 20]),
          grouping: random.pick(['length', 'arrival'] as const),
        };
        const stranger = (index: number) => createRequest(index + 1000, random);
        const { alone, together } = await keepCompany({ engine: loaded.engine, scheduler, requests, stranger, random });
        outputs.add(alone.join('\n')).add(together.join('\n'));
      }
      expect(outputs.size).toBe(1);
    }, 120_000);
  });
}

/** Lengths from one token to several chunks; every other one sampled with a seed, some with penalties. */
function requestsFor({ longest, mostTokens }: InvarianceCase, vocab: number) {
  return (index: number, random: Random): GenerationRequest => {
    const length = index % 6 === 0 ? 1 + random.below(3) : 1 + Math.floor(random.unit() ** 2 * longest);
    const seeded: Sampling = { ...greedy, temperature: 0.9, topP: 0.95, seed: index, topK: index % 4 === 1 ? 40 : 0 };
    const penalised: Sampling = { ...seeded, repetitionPenalty: 1.2, presencePenalty: 0.5 };
    return {
      prompt: Array.from({ length }, () => random.below(vocab)),
      maxTokens: 8 + random.below(mostTokens - 8),
      sampling: [greedy, seeded, greedy, penalised][index % 4]!,
      tenant: '',
      stopStrings: [],
    };
  };
}
