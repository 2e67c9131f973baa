/** One model over several devices where one is a GPU, its group of layers and their cache there. */
import { join } from 'node:path';
import { beforeAll } from 'vitest';
import { buildModel } from '#octavo/models/build/build.js';
import { conciergeWeights } from '../../support/concierge.js';
import { temporaryFolder } from '../../support/folders.js';
import { useSoftwareGpu } from '../../support/software-gpu.js';
import { describePipeline } from './pipeline.js';

useSoftwareGpu();
const built = join(temporaryFolder(), 'fp32');

beforeAll(async () => {
  await buildModel({ source: conciergeWeights, out: built, precision: 'fp32' });
}, 300_000);

// Greedy alone: a pipeline samples on the host, whose exponentials differ in the last bits, and a draw may fall otherwise.
const own = { folder: () => built, vocab: 4090, requests: 3, maxTokens: 3, sampled: false } as const;
describePipeline({ ...own, devices: 'webgpu+webgpu', alone: 'webgpu' });
describePipeline({ ...own, devices: 'cpu+webgpu', alone: 'cpu' });
