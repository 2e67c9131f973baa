/** Guessed tokens on the real model: nearly always those of plain decoding, and none for a row that did not ask. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Batcher } from '#octavo/batcher/batcher.js';
import type { StepEvent } from '#octavo/batcher/events.js';
import { greedy, type Sampling } from '#octavo/models/decoder/sampling.js';
import { type LoadedDecoder, loadDecoder } from '#octavo/models/load-model.js';
import { embeddedModel, golden } from '../../support/concierge.js';
import { steadyEngine } from '../../support/steady-engine.js';

describe('guessing from the text', () => {
  let loaded: LoadedDecoder;

  beforeAll(async () => {
    const options = { name: null, rows: 4, context: 512, runtime: 'auto', device: 'auto', threads: 2 } as const;
    loaded = await loadDecoder({ ...options, folder: embeddedModel });
  });

  afterAll(async () => {
    await loaded.close();
  });

  /** Each prompt alone; several together with `together`. Tokens as text. */
  async function generate(sampling: Sampling, drafts: readonly number[], together = false) {
    const steps: StepEvent[] = [];
    const batcher = new Batcher({
      // Guessing always pays: it is what is tested.
      engine: steadyEngine(loaded.engine, ({ work }) => (work.kind === 'decode' && work.speculation ? 0.1 : 1)),
      detokenizer: () => ({ push: (id) => `${id} `, flush: () => '' }),
      scheduler: { chunkTokens: 256, prefillTokens: 512, maxWaste: 0.1, messageMs: 4, grouping: 'length' },
      queue: { sequences: 100, promptTokens: 100_000 },
      clock: () => performance.now(),
      events: { step: (event) => steps.push(event), finished: () => {} },
    });
    const texts: string[] = [];
    const running: Promise<void>[] = [];
    for (const [index, { prompt_ids }] of golden.entries()) {
      const request = { prompt: prompt_ids, maxTokens: 40, sampling, tenant: '', stopStrings: [] };
      const generation = batcher.submit({ ...request, draftTokens: drafts[index % drafts.length]! });
      const read = async () => {
        texts[index] = '';
        for await (const { text } of generation) texts[index] += text;
      };
      running.push(read());
      if (!together) await running.at(-1);
    }
    await Promise.all(running);
    return { texts, steps };
  }

  it.each<[string, Sampling]>([
    ['greedy', greedy],
    ['sampled', { ...greedy, temperature: 0.5, seed: 3 }],
  ])('gives the tokens of plain decoding: %s', async (_, sampling) => {
    const plain = await generate(sampling, [0]);
    const guessed = await generate(sampling, [8]);
    const speculation = guessed.steps.flatMap((step) => step.speculation ?? []);
    expect(speculation.reduce((sum, { accepted }) => sum + accepted, 0)).toBeGreaterThan(5);
    expect(plain.steps.flatMap((step) => step.speculation ?? [])).toEqual([]);
    // Several tokens are computed by another path than one: a near tie may fall otherwise.
    const same = plain.texts.filter((text, index) => text === guessed.texts[index]).length;
    expect(same).toBeGreaterThanOrEqual(golden.length - 1);
  });

  it('guesses nothing beside a row that did not ask', async () => {
    const plain = await generate(greedy, [0]);
    const { texts } = await generate(greedy, [8, 0], true);
    texts.forEach((text, index) => {
      if (index % 2 === 1) expect(text).toBe(plain.texts[index]);
    });
  });
});
