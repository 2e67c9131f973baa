/** The promise of the product: a sequence's tokens do not depend on who shares the batch. INT8, on the real model. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { GenerationRequest } from '#octavo/batcher/generation.js';
import type { SchedulerLimits } from '#octavo/batcher/scheduler.js';
import { greedy, type Sampling } from '#octavo/models/decoder/sampling.js';
import { type LoadedDecoder, loadDecoder } from '#octavo/models/load-model.js';
import { keepCompany } from '../../support/company.js';
import { embeddedModel } from '../../support/concierge.js';
import { Random } from '../../support/random.js';

const rows = 12;
const chunkTokens = 64;
const vocab = 4090;

describe('batch invariance', () => {
  let loaded: LoadedDecoder;

  beforeAll(async () => {
    const options = { name: null, rows, context: 512, runtime: 'auto', device: 'auto', threads: 2 } as const;
    loaded = await loadDecoder({ ...options, folder: embeddedModel });
  });

  afterAll(async () => {
    await loaded.close();
  });

  it('gives 48 prompts the same tokens alone and in changing company', async () => {
    const random = new Random(7);
    const requests = Array.from({ length: 48 }, (_, index) => createRequest(index, random));

    const { alone, together, steps } = await keepCompany({
      engine: loaded.engine,
      scheduler: { chunkTokens, prefillTokens: 256, maxWaste: 0.5, messageMs: 4, grouping: 'length' },
      requests,
      stranger: (index) => createRequest(index + 1000, random),
      random,
    });

    expect(together).toEqual(alone);
    // The company was real: full batches, prompts prefilled together, prompts in chunks between decode steps.
    expect(Math.max(...steps.filter(({ kind }) => kind === 'decode').map((step) => step.rows))).toBe(rows);
    expect(steps.filter(({ kind, rows: width }) => kind === 'prefill' && width > 1).length).toBeGreaterThan(5);
    expect(steps.filter(({ kind, tokens }) => kind === 'prefill' && tokens === chunkTokens).length).toBeGreaterThan(20);
  });

  it('gives them the same tokens under any budgets', async () => {
    const requests = Array.from({ length: 12 }, (_, index) => createRequest(index, new Random(index)));
    const outputs = new Set<string>();
    for (let seed = 1; seed <= 3; seed++) {
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
  });
});

/** Lengths from one token to several chunks; every other one sampled with a seed, some with penalties. */
function createRequest(index: number, random: Random): GenerationRequest {
  const length = index % 6 === 0 ? 1 + random.below(3) : 1 + Math.floor(random.unit() ** 2 * 300);
  const seeded: Sampling = { ...greedy, temperature: 0.9, topP: 0.95, seed: index, topK: index % 4 === 1 ? 40 : 0 };
  const penalised: Sampling = { ...seeded, repetitionPenalty: 1.2, presencePenalty: 0.5 };
  return {
    prompt: Array.from({ length }, () => random.below(vocab)),
    maxTokens: 8 + random.below(40),
    sampling: [greedy, seeded, greedy, penalised][index % 4]!,
    tenant: '',
    stopStrings: [],
  };
}
