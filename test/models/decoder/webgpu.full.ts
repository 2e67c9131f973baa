/** Decoders on the WebGPU provider, the cache in the device's memory: the tokens of the CPU, alone and in company. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defaultLimits } from '#octavo/batcher/scheduler.js';
import { buildModel, buildRandomModel } from '#octavo/models/build/build.js';
import { greedy } from '#octavo/models/decoder/sampling.js';
import { type LoadedDecoder, loadDecoder } from '#octavo/models/load-model.js';
import { keepCompany } from '../../support/company.js';
import { conciergeWeights, golden } from '../../support/concierge.js';
import { temporaryFolder } from '../../support/folders.js';
import { Random } from '../../support/random.js';
import { useSoftwareGpu } from '../../support/software-gpu.js';
import { describeInvariance } from './batch-invariance.js';
import { describeGolden } from './golden.js';

useSoftwareGpu();
const root = temporaryFolder();
const settings = { name: null, rows: 4, context: 128, prefixCache: 8, runtime: 'auto', threads: 2 } as const;

const precisions = ['fp32', 'int8-weight', 'int8'] as const;

describe.each(precisions)('the embedded model in %s', (precision) => {
  let [cpu, gpu]: LoadedDecoder[] = [];

  beforeAll(async () => {
    const folder = join(root, precision);
    await buildModel({ source: conciergeWeights, out: folder, precision });
    cpu = await loadDecoder({ ...settings, folder, device: 'cpu' });
    gpu = await loadDecoder({ ...settings, folder, device: 'webgpu' });
  }, 300_000);

  afterAll(async () => {
    await cpu?.close();
    await gpu?.close();
  });

  it('says on the device what it says on the CPU, in company and with known beginnings', async () => {
    const random = new Random(7);
    const prompts = golden.map(({ prompt_ids }) => prompt_ids).filter(({ length }) => length < 100);
    const request = (index: number) => ({
      prompt: prompts[index % prompts.length]!,
      maxTokens: 2,
      sampling: greedy,
      stopStrings: [],
      tenant: 'a',
      signal: new AbortController().signal,
    });
    const company = {
      scheduler: { ...defaultLimits, chunkTokens: 48 },
      requests: [0, 1, 2].map(request),
      stranger: (index: number) => request(index + 1),
      random,
    };
    const onCpu = await keepCompany({ ...company, engine: cpu!.engine, random: new Random(7) });
    const onGpu = await keepCompany({ ...company, engine: gpu!.engine });
    expect(onGpu.alone).toEqual(onCpu.alone);
    expect(onGpu.together).toEqual(onGpu.alone);
    expect(gpu!.engine.slots).toBeGreaterThan(0);
  }, 600_000);
});

describeGolden('webgpu', { prompts: 3, tokens: 8, every: 4 });

for (const precision of precisions) {
  describeInvariance(`a tiny Qwen2 in ${precision}`, {
    device: 'webgpu',
    build: async () => {
      const out = join(root, `tiny-${precision}`);
      await buildRandomModel({ shape: 'tiny-qwen2', seed: 3, out, precision });
      return out;
    },
    rows: 4,
    context: 128,
    chunkTokens: 16,
    longest: 70,
    mostTokens: 24,
    sequences: [12, 6],
    budgets: 2,
  });
}
