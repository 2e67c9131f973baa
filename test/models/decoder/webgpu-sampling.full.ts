/** Sampling on the WebGPU provider: beside the model's own logits on the device the tokens that whole rows of them give on the host. */
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildModel } from '#octavo/models/build/build.js';
import { CausalModel } from '#octavo/models/decoder/causal-model.js';
import { Decoder } from '#octavo/models/decoder/decoder.js';
import { ownPorts } from '#octavo/models/decoder/decoder-ports.js';
import { DeviceKvCache } from '#octavo/models/decoder/device-kv-cache.js';
import { DeviceLogits } from '#octavo/models/decoder/device-logits.js';
import type { DecoderShape } from '#octavo/models/decoder/language-model.js';
import { greedy, type Sampling } from '#octavo/models/decoder/sampling.js';
import { openWeigher } from '#octavo/models/decoder/weigher.js';
import { openModelFolder } from '#octavo/models/model-folder.js';
import { openRuntime } from '#octavo/models/runtime/open-runtime.js';
import type { Session } from '#octavo/models/runtime/runtime.js';
import { conciergeWeights, golden } from '../../support/concierge.js';
import { temporaryFolder } from '../../support/folders.js';
import { useSoftwareGpu } from '../../support/software-gpu.js';

useSoftwareGpu();

const ways: Partial<Sampling>[] = [
  {},
  { temperature: 0.7 },
  { temperature: 1, topK: 1 },
  { temperature: 0.9, topK: 40 },
  { temperature: 0.9, topP: 0.9 },
  { temperature: 0.9, minP: 0.05 },
  { temperature: 0.8, topK: 20, topP: 0.95, minP: 0.02 },
  { repetitionPenalty: 1.2 },
  { temperature: 0.7, presencePenalty: 0.5, frequencyPenalty: 0.2 },
  { temperature: 0.7, logitBias: [[100, 50]] },
  { stopTokens: [10], minTokens: 2 },
];

let [onHost, onDevice]: Decoder[] = [];
let session: Session | undefined;
beforeAll(async () => {
  const folder = join(temporaryFolder(), 'model');
  await buildModel({ source: conciergeWeights, out: folder, precision: 'int8-weight' });
  const { graph, manifest } = await openModelFolder(folder);
  const shape: DecoderShape = { ...manifest.shape, rows: ways.length, capacity: 128 };
  const { runtime } = await openRuntime('auto');
  const device = { provider: 'webgpu', index: 0 } as const;
  const open = (file: string | Uint8Array) => runtime.open(file, { device, threads: 2 });
  const opener = { runtime, devices: [device] as const, open };
  session = await opener.open(graph);
  const weigher = await openWeigher(runtime, shape.vocab, 2);
  const decoderWith = async (logits: DeviceLogits | null) => {
    const names = ownPorts(shape.layers).cache;
    const cache = await DeviceKvCache.open(session!.device!, { shape, names }, opener);
    return new Decoder(new CausalModel(session!, shape, { cache, logits }), weigher);
  };
  onHost = await decoderWith(null);
  onDevice = await decoderWith(await DeviceLogits.open(session.device!, { vocab: shape.vocab, weigher }, opener));
}, 300_000);

afterAll(() => session?.close());

async function sample(decoder: Decoder) {
  const prompts = golden.map(({ prompt_ids }) => prompt_ids).filter(({ length }) => length < 60);
  const chunks = ways.map((way, row) => ({
    ids: prompts[row % prompts.length]!,
    past: 0,
    sampling: { ...greedy, logProbabilities: row % 2 === 0, seed: row, ...way },
  }));
  const begun = await decoder.step({ moves: [], work: { kind: 'prefill', firstRow: 0, chunks } });
  const more = await decoder.step({ moves: [], work: { kind: 'decode', rows: chunks.length, rounds: 2 } });
  const speculation = { draftTokens: 4, mostTokens: 6 };
  const guessed = await decoder.step({ moves: [], work: { kind: 'decode', rows: 2, rounds: 2, speculation } });
  return [begun, more, guessed].map(({ tokens, logProbabilities }) => ({ tokens, likely: logProbabilities ?? [] }));
}

test('every way of sampling, guesses included', async () => {
  const [expected, actual] = [await sample(onHost!), await sample(onDevice!)];
  expect(actual.map(({ tokens }) => tokens)).toEqual(expected.map(({ tokens }) => tokens));
  const flat = (results: typeof actual) => results.flatMap(({ likely }) => likely.flat());
  expect(flat(actual)).toHaveLength(flat(expected).length);
  expect(flat(actual).length).toBeGreaterThan(15);
  for (const [i, value] of flat(actual).entries()) expect(value).toBeCloseTo(flat(expected)[i]!, 3);
}, 300_000);
