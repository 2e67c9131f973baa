/** Two replicas on one WebGPU device at once, which end the process where they do not take turns. */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Batcher } from '#octavo/batcher/batcher.js';
import { defaultLimits } from '#octavo/batcher/scheduler.js';
import { buildModel } from '#octavo/models/build/build.js';
import { greedy } from '#octavo/models/decoder/sampling.js';
import type { DecoderEngine } from '#octavo/models/decoder/step.js';
import { loadDecoder } from '#octavo/models/load-model.js';
import { hear } from '../../support/batching.js';
import { conciergeWeights, golden } from '../../support/concierge.js';
import { temporaryFolder } from '../../support/folders.js';
import { useSoftwareGpu } from '../../support/software-gpu.js';

useSoftwareGpu();

it('each says what it says alone', async () => {
  const folder = join(temporaryFolder(), 'fp32');
  await buildModel({ source: conciergeWeights, out: folder, precision: 'fp32' });
  const settings = {
    name: null,
    rows: 2,
    context: 128,
    runtime: 'auto',
    threads: 1,
    device: ['webgpu', 'webgpu'],
  } as const;
  const { replicas, close } = await loadDecoder({ ...settings, folder });
  const batchers = replicas.map(createBatcher);
  const { prompt_ids } = golden.find(({ prompt_ids: { length } }) => length < 60)!;
  const ask = async (batcher: Batcher) => {
    const request = { prompt: prompt_ids, maxTokens: 4, sampling: greedy, stopStrings: [], tenant: '' };
    return hear(batcher.submit(request));
  };
  const alone = await ask(batchers[0]!);
  expect(await Promise.all(batchers.map(ask))).toEqual([alone, alone]);
  await close();
}, 300_000);

function createBatcher(engine: DecoderEngine): Batcher {
  return new Batcher({
    ...{ engine, scheduler: defaultLimits, queue: { sequences: 10, promptTokens: 10_000 }, clock: () => 0 },
    detokenizer: () => ({ push: (id) => `${id} `, flush: () => '' }),
    events: { step: () => {}, finished: () => {} },
  });
}
