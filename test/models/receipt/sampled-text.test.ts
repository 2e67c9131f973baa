/** Sampled text: where texts begin and end, and that the same model writes the same again. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildRandomModel } from '#octavo/models/build/build.js';
import { type LoadedDecoder, loadDecoder } from '#octavo/models/load-model.js';
import { type SamplingPlan, sampleTexts } from '#octavo/models/receipt/sampled-text.js';
import { temporaryFolder } from '../../support/folders.js';

const plan: SamplingPlan = { begin: 256, endTokens: [], length: 24, tokens: 100 };
let loaded: LoadedDecoder;

beforeAll(async () => {
  const folder = join(temporaryFolder(), 'model');
  await buildRandomModel({ shape: 'tiny-llama', seed: 3, out: folder, precision: 'fp32' });
  loaded = await loadDecoder({
    ...{ folder, name: null, rows: 4, context: 24, runtime: 'auto', provider: 'auto', threads: 1 },
  });
});

afterAll(() => loaded.close());

describe('sampled texts', () => {
  it('begin with the given token and hold as many tokens as asked for', async () => {
    const texts = await sampleTexts(loaded.engine, plan);
    for (const text of texts) {
      expect(text[0]).toBe(256);
      expect(text.length).toBeLessThanOrEqual(24);
    }
    expect(texts.reduce((sum, text) => sum + text.length - 1, 0)).toBe(100);
  });

  it('are the same again, and differ from one another', async () => {
    const texts = await sampleTexts(loaded.engine, plan);
    expect(await sampleTexts(loaded.engine, plan)).toEqual(texts);
    expect(new Set(texts.map(String)).size).toBe(texts.length);
  });

  it('end at an end token', async () => {
    // Half of all tokens end a text, so that some end at once and some later.
    const endTokens = Array.from({ length: 160 }, (_, index) => index * 2);
    const texts = await sampleTexts(loaded.engine, { ...plan, endTokens });
    for (const text of texts) {
      const ends = text.slice(1, -1).filter((token) => endTokens.includes(token));
      expect(ends).toEqual([]);
    }
    expect(texts.some((text) => text.length === 2)).toBe(true);
    expect(texts.some((text) => text.length > 3)).toBe(true);
    expect(texts.reduce((sum, text) => sum + text.length - 1, 0)).toBe(100);
  });

  it('tell how many tokens there are', async () => {
    const seen: number[] = [];
    await sampleTexts(loaded.engine, { ...plan, tokens: 10, onToken: (sampled) => seen.push(sampled) });
    expect(seen).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });
});
