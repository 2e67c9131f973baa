/** One model over several devices, here the processor named several times. */
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { CausalModel } from '#octavo/models/decoder/causal-model.js';
import type { Batch, ForwardLogits } from '#octavo/models/decoder/language-model.js';
import { openPipeline } from '#octavo/models/decoder/open-pipeline.js';
import { cutRows } from '#octavo/models/decoder/pipeline-model.js';
import { loadDecoder } from '#octavo/models/load-model.js';
import { openRuntime } from '#octavo/models/runtime/open-runtime.js';
import { cpu, type SessionOptions } from '#octavo/models/runtime/runtime.js';
import { buildWithInt8Cache, embeddedModel } from '../../support/concierge.js';
import { exportFolder } from '../../support/export-fixtures.js';
import { temporaryFolder } from '../../support/folders.js';
import { describePipeline } from './pipeline.js';

describe('the embedded model', () => {
  const own = {
    folder: () => embeddedModel,
    alone: 'cpu',
    vocab: 4090,
    requests: 12,
    maxTokens: 10,
    sampled: true,
  } as const;
  describePipeline({ ...own, devices: 'cpu+cpu' });
  describePipeline({ ...own, devices: 'cpu+cpu+cpu' });

  const cached = path.join(temporaryFolder(), 'int8-cache');
  beforeAll(() => buildWithInt8Cache(cached));
  describePipeline({ ...own, folder: () => cached, devices: 'cpu+cpu', name: 'with its cache in int8' });
});

describe("another's export", () => {
  const folder = () => exportFolder('llama-genai');
  describePipeline({ folder, alone: 'cpu', devices: 'cpu+cpu', vocab: 200, requests: 6, maxTokens: 6, sampled: true });
});

describe('a step in several batches', () => {
  const shape = { layers: 6, kvHeads: 2, headDim: 64, rows: 5, capacity: 64, vocab: 4096 };
  const graph = path.join(embeddedModel, 'onnx/model_quantized.onnx');

  it('gives the bits of one batch, prompts and further tokens', async () => {
    const { runtime } = await openRuntime('auto');
    const open = (model: string | Uint8Array, options?: Partial<SessionOptions>) =>
      runtime.open(model, { device: cpu, threads: 1, ...options });
    const whole = new CausalModel(await open(graph), shape);
    const batches: number[] = [];
    const pace = { choose: () => 2, observe: (_: unknown, count: number) => batches.push(count) };
    const cut = await openPipeline({ graph, shape }, { runtime, devices: [cpu, cpu], open }, pace);
    const prompts = [[5, 6, 7], [8], [9, 10, 11, 12, 13], [14, 15]];
    const begun: Batch = { firstRow: 1, ids: prompts, past: [0, 0, 0, 0] };
    const further: Batch = { firstRow: 1, ids: [[20], [21], [22], [23]], past: [3, 1, 5, 2] };
    for (const batch of [begun, further]) {
      const expected = copyOf(await whole.forward(batch));
      expect(await cut.forward(batch)).toEqual(expected);
    }
    expect(batches).toEqual([2, 2]);
    // A row that moves takes its cache in every group along, and guesses of it are verified there.
    for (const model of [whole, cut]) await model.move({ from: 3, to: 0 }, 6);
    const guess = { row: 0, ids: [24, 25, 26], past: 6 };
    const expected = copyOf(await whole.verify(guess));
    expect(await cut.verify(guess)).toEqual(expected);
    await whole.close();
    await cut.close();
  });

  it('that fails lets the others end before anybody hears of it', async () => {
    const { runtime } = await openRuntime('auto');
    const open = (model: string | Uint8Array, options?: Partial<SessionOptions>) =>
      runtime.open(model, { device: cpu, threads: 1, ...options });
    const pace = { choose: () => 2, observe: () => {} };
    const cut = await openPipeline({ graph, shape }, { runtime, devices: [cpu, cpu], open }, pace);
    // No such token: the first batch fails in the first group of layers.
    const broken: Batch = {
      firstRow: 0,
      ids: [
        [99_999, 1],
        [1, 2],
      ],
      past: [0, 0],
    };
    await expect(cut.forward(broken)).rejects.toMatchObject({ code: 'internal_error' });
    const [logits] = await cut.forward({ firstRow: 0, ids: [[1, 2]], past: [0] });
    expect(logits).toHaveLength(shape.vocab);
    await cut.close();
  });

  it('has consecutive rows in each, as alike in number as can be', () => {
    const ids = [[1], [2], [3], [4], [5]];
    const batch: Batch = { firstRow: 2, ids, past: [1, 2, 3, 4, 5] };
    expect(cutRows(batch, 2)).toEqual([
      { firstRow: 2, ids: ids.slice(0, 3), past: [1, 2, 3] },
      { firstRow: 5, ids: ids.slice(3), past: [4, 5] },
    ]);
    expect(cutRows(batch, 9)).toHaveLength(5);
  });
});

describe('a model that cannot be cut', () => {
  const options = { name: null, rows: 2, context: 64, runtime: 'auto', threads: 1 } as const;

  it.each([
    ['whose cache grows', 'llama-optimum', 'cpu+cpu', /only graphs that read and write one cache in place can/],
    ['with fewer layers than devices', 'llama-genai', 'cpu+cpu+cpu+cpu+cpu', /layers, and 5 devices are named/],
  ] as const)('%s is refused', async (_, name, device, message) => {
    const loading = loadDecoder({ ...options, folder: exportFolder(name), device });
    await expect(loading).rejects.toMatchObject({ code: 'unsupported_model', message: expect.stringMatching(message) });
  });

  it('is none of the other runtime', async () => {
    const loading = loadDecoder({ ...options, folder: embeddedModel, device: 'cpu+cpu', runtime: 'onnxruntime-node' });
    await expect(loading).rejects.toMatchObject({ message: expect.stringContaining('ort-c-api') });
  });
});

/** Logits in memory of ours are overwritten by the next step. */
function copyOf(logits: ForwardLogits): Float32Array[] {
  if ('each' in logits) throw new Error('The logits lie on a device.');
  return logits.map((row) => row.slice());
}
