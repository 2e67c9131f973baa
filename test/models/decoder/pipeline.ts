/** One model over several devices, held to what it says on one: alone, in company, in chunks, with known beginnings. */
import { expect, it } from 'vitest';
import type { GenerationRequest } from '#octavo/batcher/generation.js';
import { defaultLimits } from '#octavo/batcher/scheduler.js';
import type { DeviceName } from '#octavo/device-name.js';
import { greedy, type Sampling } from '#octavo/models/decoder/sampling.js';
import { loadDecoder } from '#octavo/models/load-model.js';
import { keepCompany } from '../../support/company.js';
import { Random } from '../../support/random.js';

export interface PipelineCase {
  readonly folder: () => string;
  /** Of a build of the model, where it has several. */
  readonly name?: string;
  /** The group, and the one device that it is held to. */
  readonly devices: DeviceName;
  readonly alone: DeviceName;
  readonly vocab: number;
  readonly requests: number;
  readonly maxTokens: number;
  /** Every other request is sampled, or all are greedy. */
  readonly sampled: boolean;
}

export function describePipeline({ folder, name, devices, alone, vocab, requests, ...kind }: PipelineCase): void {
  it(`${devices} says what ${alone} says${name === undefined ? '' : `, ${name}`}`, async () => {
    const options = { name: null, rows: 6, context: 128, prefixCache: 8, runtime: 'auto', threads: 2 } as const;
    const company = async (device: DeviceName) => {
      const { engine, model, close } = await loadDecoder({ ...options, folder: folder(), device });
      const random = new Random(11);
      const request = (index: number) => createRequest(index, { random: new Random(index), vocab, ...kind });
      const outputs = await keepCompany({
        ...{ engine, scheduler: { ...defaultLimits, chunkTokens: 32 }, random },
        requests: Array.from({ length: requests }, (_, index) => request(index)),
        stranger: (index) => request(index + 1000),
      });
      await close();
      expect(model.runtime.provider).toBe(device);
      return outputs;
    };
    const one = await company(alone);
    const several = await company(devices);
    expect(several.alone).toEqual(one.alone);
    expect(several.together).toEqual(one.alone);
    // The company was real.
    expect(several.steps.some(({ kind, rows }) => kind === 'decode' && rows > 1)).toBe(true);
  }, 600_000);
}

/** Every third begins as another does, with a block that the pool keeps. */
function createRequest(
  index: number,
  { random, vocab, maxTokens, sampled }: Pick<PipelineCase, 'vocab' | 'maxTokens' | 'sampled'> & { random: Random },
): GenerationRequest {
  const known = index % 3 === 0 ? Array.from({ length: 66 }, (_, at) => (at * 7) % vocab) : [];
  const own = Array.from({ length: 1 + random.below(40) }, () => random.below(vocab));
  const seeded: Sampling = { ...greedy, temperature: 0.9, topP: 0.95, seed: index };
  return {
    ...{ prompt: [...known, ...own], maxTokens, sampling: sampled && index % 2 === 1 ? seeded : greedy },
    ...{ tenant: 'a', stopStrings: [] },
  };
}
