/** A decoder's graph that is given its lengths, held to the graph that computes them. */
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { buildModel } from '#octavo/models/build/build.js';
import { CausalModel } from '#octavo/models/decoder/causal-model.js';
import { ownPorts } from '#octavo/models/decoder/decoder-ports.js';
import type { Batch } from '#octavo/models/decoder/language-model.js';
import { withGivenLengths } from '#octavo/models/onnx-file/given-lengths.js';
import { openRuntime } from '#octavo/models/runtime/open-runtime.js';
import { cpu } from '#octavo/models/runtime/runtime.js';
import { embeddedModel } from '../../support/concierge.js';
import { familyFixtures } from '../../support/family-fixtures.js';
import { temporaryFolder } from '../../support/folders.js';

const file = path.join(embeddedModel, 'onnx/model_quantized.onnx');
const exported = fileURLToPath(new URL('../../fixtures/exports/llama-genai/model.onnx', import.meta.url));
const shape = { layers: 6, kvHeads: 2, headDim: 64, vocab: 4096, rows: 4, capacity: 64 };
const ids = (count: number, seed: number) => Array.from({ length: count }, (_, at) => (at * 7919 + seed * 13) % 4090);

const batches: readonly Batch[] = [
  { firstRow: 0, ids: [ids(5, 1), ids(12, 2), ids(2, 3)], past: [0, 0, 0] },
  { firstRow: 0, ids: [[7], [8], [9]], past: [5, 12, 2] },
  { firstRow: 3, ids: [ids(9, 4)], past: [0] },
  { firstRow: 3, ids: [ids(6, 5)], past: [9] },
  { firstRow: 0, ids: [[1], [2], [3], [4]], past: [6, 13, 3, 15] },
];

describe('a graph that is given its lengths', () => {
  it('gives the logits of the one that computes them, of prompts, chunks, single tokens and guesses', async () => {
    const { runtime } = await openRuntime('auto');
    const given = withGivenLengths(file)!;
    const options = { device: cpu, threads: 1 };
    const whole = await runtime.open(file, options);
    const session = await runtime.open(given.graph, { ...options, folder: path.dirname(file) });
    expect(session.inputs).not.toContain('attention_mask');
    const models = [
      new CausalModel(whole, shape),
      new CausalModel(session, shape, { ports: { ...ownPorts(shape.layers), lengths: given.inputs } }),
    ];
    const [expected, got] = await Promise.all(models.map(logitsOf));
    expect(got).toEqual(expected);
    for (const model of models) await model.close();
  });

  it('is told apart from graphs by others', () => {
    expect(withGivenLengths(exported)).toBeNull();
  });

  it('says how narrow the windows of its layers are', async () => {
    const { folder } = familyFixtures.find(({ name }) => name === 'mistral')!;
    const out = path.join(temporaryFolder(), 'mistral');
    await buildModel({ source: folder, out, precision: 'int8-weight' });
    expect(withGivenLengths(path.join(out, 'onnx/model_int8.onnx'))?.window).toBe(9);
    expect(withGivenLengths(file)?.window).toBe(Infinity);
  });
});

async function logitsOf(model: CausalModel): Promise<readonly (readonly number[])[]> {
  const rows: number[][] = [];
  const add = (logits: Awaited<ReturnType<CausalModel['forward']>>) => {
    for (const row of logits as readonly Float32Array[]) rows.push([...row]);
  };
  for (const batch of batches) add(await model.forward(batch));
  add(await model.verify({ row: 0, ids: [1, 2, 3], past: 7 }));
  return rows;
}
