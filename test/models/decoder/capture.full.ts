/** Decode steps that WebGPU captures, in rows padded to few numbers: bit by bit the logits of steps that are neither. */
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { Batcher } from '#octavo/batcher/batcher.js';
import { defaultLimits } from '#octavo/batcher/scheduler.js';
import { OctavoError } from '#octavo/errors.js';
import { buildModel, buildRandomModel } from '#octavo/models/build/build.js';
import type { CausalModel } from '#octavo/models/decoder/causal-model.js';
import type { ForwardLogits } from '#octavo/models/decoder/language-model.js';
import { openCausal } from '#octavo/models/decoder/open-causal.js';
import { greedy } from '#octavo/models/decoder/sampling.js';
import type { DecoderEngine } from '#octavo/models/decoder/step.js';
import { openWeigher } from '#octavo/models/decoder/weigher.js';
import { loadDecoder } from '#octavo/models/load-model.js';
import { openRuntime } from '#octavo/models/runtime/open-runtime.js';
import { hear } from '../../support/batching.js';
import { loseDevice } from '../../support/broken-gpu.mjs';
import { familyFixtures } from '../../support/family-fixtures.js';
import { temporaryFolder } from '../../support/folders.js';
import { logitRows } from '../../support/logit-rows.js';
import { useSoftwareGpu } from '../../support/software-gpu.js';

useSoftwareGpu();
const root = temporaryFolder();
const precisions = ['int8-weight', 'int4-weight', 'fp32'] as const;
const graphs = { 'int8-weight': 'model_int8.onnx', 'int4-weight': 'model_q4.onnx', fp32: 'model.onnx' } as const;
const shape = { layers: 2, kvHeads: 2, headDim: 16, vocab: 320, rows: 12, capacity: 128, slots: 4 };
const loading = { name: null, rows: 3, context: 128, runtime: 'auto', device: 'webgpu', threads: 1 } as const;

beforeAll(async () => {
  for (const precision of precisions) {
    await buildRandomModel({ shape: 'tiny-qwen2', seed: 3, out: join(root, precision), precision });
  }
}, 60_000);

describe.each(['int8-weight', 'int4-weight'] as const)('captured steps of a tiny Qwen2 in %s', (precision) => {
  it('give the logits of others, of 1 to 10 rows between prompts, chunks, guesses, moves and known beginnings', async () => {
    const graph = join(root, precision, 'onnx', graphs[precision]);
    const [captured, plain] = [await open(graph, 'captured'), await open(graph, 'plain')];
    expect(captured.remarks).toEqual(['decode steps are captured']);
    expect(plain.remarks).toEqual(['decode steps are not captured: it is compared with']);
    const both: Both = async (name, step) => {
      const expected = await logitRows(await step(plain.model));
      expect(await logitRows(await step(captured.model)), name).toEqual(expected);
    };
    await playThrough(both);
    await captured.model.close();
    await plain.model.close();
  }, 300_000);
});

describe('what is captured', () => {
  it('is told of a loaded model', async () => {
    const { model, close } = await loadDecoder({ ...loading, folder: join(root, 'int8-weight') });
    await close();
    expect(model.runtime.placement).toMatch(/(^|; )decode steps are captured$/);
  });

  it('is nothing where a product is left to the CPU, and it says so', async () => {
    const { model, close } = await loadDecoder({ ...loading, folder: join(root, 'fp32') });
    await close();
    expect(model.runtime.placement).toMatch(/; decode steps are not captured: .*graph capture feature/);
  });

  it('is nothing where windows are narrower than the context, and the tokens are those of the CPU', async () => {
    const folder = join(root, 'mistral');
    await buildModel({
      source: familyFixtures.find(({ name }) => name === 'mistral')!.folder,
      out: folder,
      precision: 'int8-weight',
    });
    const said = async (device: 'cpu' | 'webgpu') => {
      const { engine, model, close } = await loadDecoder({ ...loading, folder, device });
      const { text } = await ask(createBatcher(engine), [5, 6, 7, 8, 9, 10, 11], 12);
      await close();
      return { text, placement: model.runtime.placement };
    };
    const onGpu = await said('webgpu');
    expect(onGpu.placement).toMatch(
      /decode steps are not captured: its windows of 9 tokens are narrower than its context/,
    );
    expect(onGpu.text).toEqual((await said('cpu')).text);
  });

  it('is captured anew on a device that was lost and came back', async () => {
    const { engine, close } = await loadDecoder({ ...loading, folder: join(root, 'int8-weight') });
    const batcher = createBatcher(engine);
    const before = await ask(batcher, [1, 2, 3]);
    const comeBack = loseDevice();
    expect((await ask(batcher, [1, 2, 3])).error).toMatchObject({ code: 'device_lost' });
    comeBack();
    batcher.revive();
    expect(await ask(batcher, [1, 2, 3])).toEqual(before);
    await close();
  }, 120_000);
});

type Both = (name: string, step: (model: CausalModel) => Promise<ForwardLogits>) => Promise<void>;

/** Rows of all numbers that are padded and that are not; row 9 is read in chunks while others decode. */
async function playThrough(both: Both): Promise<void> {
  const past: number[] = [];
  const prompt = (firstRow: number, lengths: readonly number[], read = 0) =>
    both(`prompts of ${lengths} from row ${firstRow}`, (model) =>
      model.forward({ firstRow, ids: lengths.map((length, row) => ids(length, row)), past: lengths.map(() => read) }),
    );
  const decode = async (steps: number) => {
    for (let step = 0; step < steps; step++) {
      const batch = { firstRow: 0, ids: past.map((_, row) => [row + 7 + step]), past: [...past] };
      await both(`${past.length} rows`, (model) => model.forward(batch));
      for (const row of past.keys()) past[row]! += 1;
    }
  };
  for (const lengths of [[5], [64], [13, 4], [1, 20, 31], [7]]) {
    await prompt(past.length, lengths);
    past.push(...lengths);
    await decode(3);
  }
  await prompt(9, [9]);
  await decode(2);
  await prompt(9, [11], 9);
  await prompt(8, [6]);
  past.push(6, 20);
  await decode(2);
  await both('a guess', (model) => model.verify({ row: 2, ids: [3, 4, 5], past: past[2]! }));
  await both('a known beginning', async (model) => {
    await model.pool.keep(1, [{ block: 0, slot: 2 }]);
    await model.move({ from: 9, to: 1 }, past[9]!);
    await model.pool.restore(9, [2]);
    return model.forward({ firstRow: 9, ids: [ids(3, 4)], past: [64] });
  });
  past[1] = past[9]!;
  past[9] = 67;
  await decode(2);
  past.pop();
  await decode(2);
}

const ids = (count: number, seed: number) => Array.from({ length: count }, (_, at) => (at * 79 + seed * 31 + 5) % 256);

async function open(graph: string, kind: 'captured' | 'plain') {
  const { runtime } = await openRuntime('ort-c-api');
  const remarks: string[] = [];
  const model = await openCausal(
    { graph, shape },
    {
      ...{ runtime, devices: [{ provider: 'webgpu', index: 0 }], remark: (text: string) => remarks.push(text) },
      open: async (model, options) => {
        if (kind === 'plain' && options?.capture) throw new OctavoError('invalid_model', 'it is compared with');
        return runtime.open(model, { device: { provider: 'webgpu', index: 0 }, threads: 1, ...options });
      },
    },
    await openWeigher(runtime, shape.vocab, 1),
  );
  return { model, remarks };
}

const ask = (batcher: Batcher, prompt: readonly number[], maxTokens = 5) =>
  hear(batcher.submit({ prompt, maxTokens, sampling: greedy, stopStrings: [], tenant: '' }));

function createBatcher(engine: DecoderEngine): Batcher {
  return new Batcher({
    ...{ engine, scheduler: defaultLimits, queue: { sequences: 10, promptTokens: 10_000 }, clock: () => 0 },
    detokenizer: () => ({ push: (id) => `${id} `, flush: () => '' }),
    events: { step: () => {}, finished: () => {} },
  });
}
