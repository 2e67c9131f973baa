/** A prompt that begins like an earlier one says what it says computed from its first token. The real model, INT8. */
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Batcher } from '#octavo/batcher/batcher.js';
import type { Generation, GenerationRequest } from '#octavo/batcher/generation.js';
import { defaultLimits } from '#octavo/batcher/scheduler.js';
import { greedy } from '#octavo/models/decoder/sampling.js';
import { type LoadedDecoder, loadDecoder } from '#octavo/models/load-model.js';
import { buildWithInt8Cache, embeddedModel } from '../../support/concierge.js';
import { temporaryFolder } from '../../support/folders.js';
import { Random } from '../../support/random.js';

const root = temporaryFolder();
const plain = { name: null, rows: 6, context: 512 } as const;
const options = { ...plain, runtime: 'auto', device: 'auto', threads: 2 } as const;

/**
 * The slot of a block of this model has 393,216 bytes, a quarter with its cache in int8: 21 slots, few enough for blocks to be
 * forgotten.
 */
const caches = [
  ['float32', async () => embeddedModel, 8],
  ['int8', () => buildWithInt8Cache(path.join(root, 'int8-cache')), 2],
] as const;

describe.each(caches)('prompts with common beginnings, cached in %s', (_, build, prefixCache) => {
  let cold: LoadedDecoder;
  let warm: LoadedDecoder;

  beforeAll(async () => {
    const settings = { ...options, folder: await build() };
    cold = await loadDecoder(settings);
    warm = await loadDecoder({ ...settings, prefixCache });
  });

  afterAll(async () => {
    await cold.close();
    await warm.close();
  });

  it('has a pool only where it is asked for', () => {
    expect([cold.engine.slots, warm.engine.slots]).toEqual([0, 21]);
  });

  it('give the same tokens as without them, whoever shares the batch', async () => {
    const requests = conversations(new Random(5), 40);
    const expected: string[] = [];
    const without = createBatcher(cold);
    for (const request of requests) expected.push((await read(without.submit(request))).text);

    const batcher = createBatcher(warm);
    const heard: { text: string; reused: number }[] = [];
    // Five at a time: the first of a conversation still runs when the second comes.
    for (let i = 0; i < requests.length; i += 5) {
      heard.push(...(await Promise.all(requests.slice(i, i + 5).map((request) => read(batcher.submit(request))))));
    }
    expect(heard.map(({ text }) => text)).toEqual(expected);
    const reused = heard.filter((one) => one.reused > 0);
    expect(reused.length).toBeGreaterThan(15);
    expect(reused.every((one) => one.reused % 64 === 0)).toBe(true);
    expect(new Set(reused.map((one) => one.reused)).size).toBeGreaterThan(2);
  });

  it('does not lend the beginning to another tenant', async () => {
    const batcher = createBatcher(warm);
    const [request] = conversations(new Random(6), 1);
    const of = (tenant: string) => read(batcher.submit({ ...request!, tenant }));
    expect((await of('a')).reused).toBe(0);
    expect((await of('b')).reused).toBe(0);
    expect((await of('a')).reused).toBeGreaterThan(0);
  });
});

function createBatcher({ engine }: LoadedDecoder): Batcher {
  return new Batcher({
    engine,
    detokenizer: () => ({ push: (id) => `${id} `, flush: () => '' }),
    scheduler: { ...defaultLimits, chunkTokens: 128 },
    queue: { sequences: 1000, promptTokens: 1_000_000 },
    clock: () => 0,
    events: { step: () => {}, finished: () => {} },
  });
}

/** Turns of a few conversations with one system prompt: each turn's prompt begins with all of the one before. */
function conversations(random: Random, turns: number): GenerationRequest[] {
  const tokens = (count: number) => Array.from({ length: count }, () => random.below(4090));
  const system = tokens(100);
  const histories = Array.from({ length: 3 }, () => [...system]);
  return Array.from({ length: turns }, (_, turn) => {
    const which = random.below(histories.length);
    if (histories[which]!.length > 380) histories[which] = [...system];
    histories[which] = [...histories[which]!, ...tokens(random.between(1, 90))];
    return {
      prompt: histories[which],
      maxTokens: 12,
      sampling: turn % 2 === 0 ? greedy : { ...greedy, temperature: 0.9, repetitionPenalty: 1.2, seed: turn },
      tenant: '',
      stopStrings: [],
    };
  });
}

async function read(generation: Generation): Promise<{ text: string; reused: number }> {
  let text = '';
  for await (const delta of generation) text += delta.text;
  return { text, reused: generation.reusedTokens };
}
