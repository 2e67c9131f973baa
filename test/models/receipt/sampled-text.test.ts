/** Sampled answers: where they begin and end, and that the same model writes the same again. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildRandomModel } from '#octavo/models/build/build.js';
import { type LoadedDecoder, loadDecoder } from '#octavo/models/load-model.js';
import { type SamplingPlan, sampleAnswers } from '#octavo/models/receipt/sampled-text.js';
import { temporaryFolder } from '../../support/folders.js';

const plan: SamplingPlan = { prompts: [[256]], endTokens: [], length: 23, tokens: 100 };
let loaded: LoadedDecoder;

beforeAll(async () => {
  const folder = join(temporaryFolder(), 'model');
  await buildRandomModel({ shape: 'tiny-llama', seed: 3, out: folder, precision: 'fp32' });
  loaded = await loadDecoder({
    ...{ folder, name: null, rows: 4, context: 24, runtime: 'auto', device: 'auto', threads: 1 },
  });
});

afterAll(() => loaded.close());

describe('sampled answers', () => {
  it('follow the given prompts in turn and hold as many tokens as asked for', async () => {
    const prompts = [[256], [256, 65, 66]];
    const answers = await sampleAnswers(loaded.engine, { ...plan, prompts, length: 20 });
    for (const [index, { prompt, answer }] of answers.entries()) {
      expect(prompt).toEqual(prompts[index % 2]);
      expect(answer.length).toBeLessThanOrEqual(20);
    }
    expect(answers.reduce((sum, { answer }) => sum + answer.length, 0)).toBe(100);
  });

  it('are the same again, and differ from one another', async () => {
    const answers = await sampleAnswers(loaded.engine, plan);
    expect(await sampleAnswers(loaded.engine, plan)).toEqual(answers);
    expect(new Set(answers.map(({ answer }) => String(answer))).size).toBe(answers.length);
  });

  it('end at an end token', async () => {
    // Half of all tokens end an answer, so that some end at once and some later.
    const endTokens = Array.from({ length: 160 }, (_, index) => index * 2);
    const answers = await sampleAnswers(loaded.engine, { ...plan, endTokens });
    for (const { answer } of answers) {
      const ends = answer.slice(0, -1).filter((token) => endTokens.includes(token));
      expect(ends).toEqual([]);
    }
    expect(answers.some(({ answer }) => answer.length === 1)).toBe(true);
    expect(answers.some(({ answer }) => answer.length > 2)).toBe(true);
    expect(answers.reduce((sum, { answer }) => sum + answer.length, 0)).toBe(100);
  });

  it('tell how many tokens there are', async () => {
    const seen: number[] = [];
    await sampleAnswers(loaded.engine, { ...plan, tokens: 10, onToken: (sampled) => seen.push(sampled) });
    expect(seen).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });
});
