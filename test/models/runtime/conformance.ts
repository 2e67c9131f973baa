/** What every implementation of the runtime must do, on every device. Each runs in a process of its own: one environment a process. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CausalModel } from '#octavo/models/decoder/causal-model.js';
import { Decoder } from '#octavo/models/decoder/decoder.js';
import { ownPorts } from '#octavo/models/decoder/decoder-ports.js';
import { DeviceKvCache } from '#octavo/models/decoder/device-kv-cache.js';
import { DeviceLogits } from '#octavo/models/decoder/device-logits.js';
import { greedy } from '#octavo/models/decoder/sampling.js';
import { openWeigher } from '#octavo/models/decoder/weigher.js';
import { openRuntime } from '#octavo/models/runtime/open-runtime.js';
import { describePlacement } from '#octavo/models/runtime/placement.js';
import {
  type AnyTensor,
  cpu,
  type Device,
  type Runtime,
  type RuntimeName,
  type Session,
  type Tensor,
  zeros,
} from '#octavo/models/runtime/runtime.js';
import { buildFp32, golden } from '../../support/concierge.js';
import { absolutes } from '../../support/device-tensors.js';
import { generateAlone, nextToken } from '../../support/steps.js';

const shape = { layers: 6, kvHeads: 2, headDim: 64, vocab: 4096, rows: 3, capacity: 256 };

interface Scale {
  /** Golden prompts, the first ones, and tokens of each: a GPU in software takes a quarter of a second for a token. */
  readonly prompts: number;
  readonly tokens: number;
}

export function describeRuntime(
  name: RuntimeName,
  device: Device = cpu,
  { prompts, tokens }: Scale = { prompts: golden.length, tokens: Infinity },
): void {
  const options = { device, threads: 2 };

  describe(`runtime ${name} on ${device.provider}`, () => {
    let runtime: Runtime;
    let model: Awaited<ReturnType<typeof buildFp32>>;
    let graph: string;
    let session: Session;

    beforeAll(async () => {
      ({ runtime } = await openRuntime(name));
      model = await buildFp32();
      graph = path.join(model.folder, 'onnx', 'model.onnx');
      session = await runtime.open(graph, options);
    });

    afterAll(async () => {
      await session.close();
      model.remove();
    });

    it('is the implementation that was asked for', () => {
      expect(runtime.name).toBe(name);
      expect(runtime.version).toMatch(/^1\.\d+\.\d+/);
      expect(runtime.providers).toContain('cpu');
    });

    it('names the inputs and outputs of the graph', () => {
      expect(session.inputs).toEqual(
        expect.arrayContaining(['input_ids', 'attention_mask', 'past_key_values.5.value']),
      );
      expect(session.outputs).toEqual(expect.arrayContaining(['logits', 'present.0.key', 'present.5.value']));
      expect(session.inputs).not.toContain('num_logits_to_keep');
    });

    it('tells where the nodes run, or tells nothing', () => {
      const [placed, ...others] = session.placement;
      expect(others).toEqual([]);
      if (name === 'ort-c-api') {
        expect(placed).toMatchObject({ provider: 'cpu' });
        expect(placed?.operators.get('GroupQueryAttention')).toBe(device === cpu ? 6 : undefined);
        // After fusing: fewer than were drawn.
        const sentence = device === cpu ? /^all \d{2,3} nodes on cpu$/ : /^\d\d nodes on cpu, all others on webgpu/;
        expect(describePlacement(session.placement, { provider: device.provider, precision: 'fp32' })).toMatch(
          sentence,
        );
      }
    });

    it('continues the golden prompts with the golden tokens', async () => {
      const decoder = await openDecoder();
      for (const { prompt_ids, greedy_ids } of golden.slice(0, prompts)) {
        const expected = greedy_ids.slice(0, tokens);
        expect(await generateAlone(decoder, prompt_ids, expected.length)).toEqual(expected);
      }
    });

    it('writes a tensor that is input and output in place', async () => {
      const { inputs, outputs } = stepTensors();
      await session.run(inputs, outputs);
      const cache = await absolutes({ runtime, options }, outputs.get('present.0.key')!);
      const written = cache.subarray(0, 3 * 64);
      expect(written.some((value) => value !== 0)).toBe(true);
      expect(cache.subarray(3 * 64, 256 * 64).every((value) => value === 0)).toBe(true);
    });

    it('gives a batch the tokens that its rows get alone', async () => {
      const decoder = await openDecoder();
      const company = golden.slice(0, 3).map(({ prompt_ids }) => prompt_ids);
      const alone = [];
      for (const ids of company) alone.push(await nextToken(decoder, ids));
      const chunks = company.map((ids) => ({ ids, past: 0, sampling: greedy }));
      const { tokens } = await decoder.step({ moves: [], work: { kind: 'prefill', firstRow: 0, chunks } });
      expect(tokens).toEqual(alone.map((token) => [token]));
    });

    it('reports a wrong shape and goes on working', async () => {
      const { inputs, outputs } = stepTensors();
      const wrong = new Map(inputs).set('past_key_values.0.key', zeros('float32', [1, 3, 256, 64]));
      await expect(session.run(wrong, outputs)).rejects.toMatchObject({ code: 'internal_error' });
      await session.run(inputs, outputs);
      expect(((outputs.get('logits') as Tensor).data as Float32Array).every(Number.isFinite)).toBe(true);
    });

    it('refuses a file that is not there, and one that is no model', async () => {
      await expect(runtime.open(path.join(model.folder, 'absent.onnx'), options)).rejects.toMatchObject({
        code: 'invalid_model',
      });
      const broken = path.join(model.folder, 'broken.onnx');
      writeFileSync(broken, 'not a graph');
      await expect(runtime.open(broken, options)).rejects.toMatchObject({ code: 'invalid_model' });
    });

    /** Its cache and its logits where the graph runs. */
    async function openDecoder(): Promise<Decoder> {
      const weigher = await openWeigher(runtime, shape.vocab, 2);
      const { device } = session;
      if (device === null) return new Decoder(new CausalModel(session, shape), weigher);
      const open = (graph: string | Uint8Array) => runtime.open(graph, options);
      const opener = { runtime, devices: [options.device] as const, open };
      const cache = await DeviceKvCache.open(device, { shape, names: ownPorts(shape.layers).cache }, opener);
      const logits = await DeviceLogits.open(device, { vocab: shape.vocab, weigher }, opener);
      return new Decoder(new CausalModel(session, shape, { cache, logits }), weigher);
    }

    /** Three new tokens of one row in an empty cache; logits of all positions, which every runtime can give. */
    function stepTensors() {
      const ids = zeros('int64', [1, 3]);
      (ids.data as BigInt64Array).set([5n, 6n, 7n]);
      const mask = zeros('int64', [1, 3]);
      (mask.data as BigInt64Array).fill(1n);
      const inputs = new Map<string, AnyTensor>([
        ['input_ids', ids],
        ['attention_mask', mask],
      ]);
      const keep = zeros('int64', []);
      if (session.optionalInputs.includes('num_logits_to_keep')) inputs.set('num_logits_to_keep', keep);
      const outputs = new Map<string, AnyTensor>([['logits', zeros('float32', [1, 3, 4096])]]);
      for (let layer = 0; layer < shape.layers; layer++) {
        for (const part of ['key', 'value']) {
          const dims = [1, 2, 256, 64];
          const cache = session.device?.allocate('float32', dims) ?? zeros('float32', dims);
          inputs.set(`past_key_values.${layer}.${part}`, cache);
          outputs.set(`present.${layer}.${part}`, cache);
        }
      }
      return { inputs, outputs };
    }
  });
}
