/** An encoder-decoder behind the batcher: tokens do not depend on who shares the batch, and prompts are never cut. INT8. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { GenerationRequest } from '#octavo/batcher/generation.js';
import { buildModel } from '#octavo/models/build/build.js';
import { greedy, type Sampling } from '#octavo/models/decoder/sampling.js';
import { type LoadedDecoder, loadDecoder } from '#octavo/models/load-model.js';
import { keepCompany } from '../../support/company.js';
import { encoderDecoderFixtures } from '../../support/encoder-decoder-fixtures.js';
import { temporaryFolder } from '../../support/folders.js';
import { Random } from '../../support/random.js';

const rows = 8;
const chunkTokens = 16;
const context = 96;
const root = temporaryFolder();

describe.each(encoderDecoderFixtures.map(({ name, folder }) => [name, folder] as const))('%s', (name, source) => {
  let loaded: LoadedDecoder;

  beforeAll(async () => {
    const folder = join(root, name);
    await buildModel({ source, out: folder, precision: 'int8' });
    const options = { name: null, rows, context, runtime: 'auto', device: 'auto', threads: 2 } as const;
    loaded = await loadDecoder({ ...options, folder });
  });

  afterAll(async () => {
    await loaded.close();
  });

  it('gives 32 prompts the same tokens alone and in changing company', async () => {
    const random = new Random(11);
    const requests = Array.from({ length: 32 }, (_, index) => createRequest(index, random));
    const { alone, together, steps } = await keepCompany({
      engine: loaded.engine,
      scheduler: { chunkTokens, prefillTokens: 256, maxWaste: 0.3, messageMs: 4, grouping: 'length' },
      requests,
      stranger: (index) => createRequest(index + 1000, random),
      random,
    });
    expect(together).toEqual(alone);
    const prefills = steps.filter(({ kind }) => kind === 'prefill');
    // The company was real, and its prompts were whole: longer than a chunk, and of several lengths together.
    expect(Math.max(...steps.filter(({ kind }) => kind === 'decode').map((step) => step.rows))).toBe(rows);
    expect(
      prefills.filter(({ rows: width, tokens, paddedTokens }) => width > 1 && tokens < paddedTokens).length,
    ).toBeGreaterThan(3);
    const longestPrompt = Math.max(...requests.map(({ prompt }) => prompt.length));
    expect(prefills.map((step) => step.paddedTokens / step.rows)).toContain(longestPrompt);
    expect(longestPrompt).toBeGreaterThan(chunkTokens);
  });

  it('has as much room for the output as for the prompt', async () => {
    const outputs = await keepCompany({
      engine: loaded.engine,
      scheduler: { chunkTokens, prefillTokens: 256, maxWaste: 0.1, messageMs: 4, grouping: 'length' },
      requests: [longest(5), longest(6)],
      stranger: longest,
      random: new Random(3),
    });
    expect(outputs.together).toEqual(outputs.alone);
    expect(outputs.alone.map((text) => text.trim().split(' ').length)).toEqual([context, context]);
  });
});

function longest(seed: number): GenerationRequest {
  const random = new Random(seed);
  const prompt = Array.from({ length: context }, () => 3 + random.below(317));
  return { prompt, maxTokens: context, sampling: greedy, tenant: '', stopStrings: [] };
}

/** Prompts from one token on; every other one sampled with a seed. */
function createRequest(index: number, random: Random): GenerationRequest {
  const length = index % 6 === 0 ? 1 + random.below(3) : 1 + random.below(context);
  const seeded: Sampling = { ...greedy, temperature: 0.9, topP: 0.95, seed: index };
  return {
    prompt: Array.from({ length }, () => random.below(320)),
    maxTokens: 4 + random.below(40),
    sampling: index % 2 === 0 ? greedy : seeded,
    tenant: '',
    stopStrings: [],
  };
}
