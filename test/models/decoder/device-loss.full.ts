/** A GPU that is lost or full while sequences run: they end with one clear error, and the same process goes on. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Batcher } from '#octavo/batcher/batcher.js';
import { defaultLimits } from '#octavo/batcher/scheduler.js';
import { buildModel } from '#octavo/models/build/build.js';
import { greedy } from '#octavo/models/decoder/sampling.js';
import type { DecoderEngine, Step } from '#octavo/models/decoder/step.js';
import { type LoadedDecoder, loadDecoder } from '#octavo/models/load-model.js';
import { hear } from '../../support/batching.js';
import { exhaustMemory, loseDevice } from '../../support/broken-gpu.mjs';
import { conciergeWeights, golden } from '../../support/concierge.js';
import { temporaryFolder } from '../../support/folders.js';
import { useSoftwareGpu } from '../../support/software-gpu.js';

useSoftwareGpu();
const folder = join(temporaryFolder(), 'fp32');
const settings = { name: null, rows: 3, context: 128, prefixCache: 8, runtime: 'auto', threads: 1, folder } as const;
const [first, second] = golden.map(({ prompt_ids }) => prompt_ids).filter(({ length }) => length < 70);

beforeAll(async () => {
  await buildModel({ source: conciergeWeights, out: folder, precision: 'fp32' });
}, 300_000);

const ask = (batcher: Batcher, prompt = first!, maxTokens = 3) =>
  hear(batcher.submit({ prompt, maxTokens, sampling: greedy, stopStrings: [], tenant: '' }));

describe('on a device that is lost', () => {
  let loaded: LoadedDecoder;

  beforeAll(async () => {
    // Two on one device: it comes back only when both have left it.
    loaded = await loadDecoder({ ...settings, device: ['webgpu', 'webgpu'] });
  }, 300_000);

  afterAll(() => loaded.close());

  it('sequences end with device_lost, and later ones are answered as before', async () => {
    const [one, idle] = loaded.replicas.map((engine) => createBatcher(engine));
    const before = await ask(one!);
    expect(await ask(idle!)).toEqual(before);
    const comeBack = loseDevice();
    const lost = await ask(one!, second);
    expect(lost.error).toMatchObject({ code: 'device_lost', message: expect.stringContaining('was lost') });
    comeBack();
    one!.revive();
    expect(await ask(one!)).toEqual(before);
    // It was made to leave the device, and loses its next step alone: its cache is gone, too.
    expect((await ask(idle!)).error).toMatchObject({ code: 'device_lost' });
    expect(await ask(idle!)).toEqual(before);
  }, 600_000);
});

describe('on a device without memory', () => {
  it('a model whose cache has no room does not start, and says what to make smaller', async () => {
    const giveAgain = exhaustMemory();
    const loading = loadDecoder({ ...settings, device: 'webgpu' });
    await expect(loading).rejects.toMatchObject({ code: 'device_out_of_memory' });
    giveAgain();
  }, 300_000);

  it('prompts that need more fail with those who run beside them, and later ones are answered as before', async () => {
    const { engine, close } = await loadDecoder({ ...settings, context: 512, device: 'webgpu' });
    const alone = [await ask(createBatcher(engine), first, 4), await ask(createBatcher(engine), second, 2)];
    // Two prompts at once need room that one beside a row that decodes did not: while they are read there is no memory to be had.
    let refused = 0;
    const batcher = createBatcher({
      ...facts(engine),
      step: async (step: Step) => {
        if (step.work.kind !== 'prefill' || step.work.chunks.length === 1 || refused++ > 0) return engine.step(step);
        const giveAgain = exhaustMemory();
        return engine.step(step).finally(giveAgain);
      },
    });
    const begun = [ask(batcher, first, 4), ask(batcher, second, 2)];
    expect(await Promise.all(begun)).toEqual(alone);
    const running = ask(batcher, first, 4);
    const joined = await Promise.all([ask(batcher, second, 2), ask(batcher, second, 2)]);
    // ONNX Runtime keeps the buffers that it was not given: the device is opened anew.
    const lost = { code: 'device_lost', message: expect.stringContaining('no memory left') };
    for (const { error } of [...joined, await running]) expect(error).toMatchObject(lost);
    expect(await ask(batcher, first, 4)).toEqual(alone[0]);
    expect(batcher.healthy).toBe(true);
    expect(await ask(batcher, second, 2)).toEqual(alone[1]);
    await close();
  }, 600_000);
});

/** An engine's own fields, bound: its methods are private to its class. */
function facts(engine: DecoderEngine): DecoderEngine {
  const { rows, capacity, slots, encodesPrompts, verifiesGuesses } = engine;
  return {
    ...{ rows, capacity, slots, encodesPrompts, verifiesGuesses },
    step: (step) => engine.step(step),
    interrupt: () => engine.interrupt(),
    recover: () => engine.recover(),
    close: () => engine.close(),
  };
}

function createBatcher(engine: DecoderEngine): Batcher {
  return new Batcher({
    ...{ engine, scheduler: defaultLimits, queue: { sequences: 10, promptTokens: 10_000 }, clock: () => 0 },
    detokenizer: () => ({ push: (id) => `${id} `, flush: () => '' }),
    events: { step: () => {}, finished: () => {} },
  });
}
