/** Captured decode steps, on a device of ours that repeats a capture as GPUs do: on the memory of its first run alone. */
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { CapturedDecode } from '#octavo/models/decoder/captured-decode.js';
import { CausalModel } from '#octavo/models/decoder/causal-model.js';
import { ownPorts } from '#octavo/models/decoder/decoder-ports.js';
import { DeviceKvCache } from '#octavo/models/decoder/device-kv-cache.js';
import { DeviceLogits } from '#octavo/models/decoder/device-logits.js';
import type { Batch } from '#octavo/models/decoder/language-model.js';
import { openWeigher } from '#octavo/models/decoder/weigher.js';
import { withGivenLengths } from '#octavo/models/onnx-file/given-lengths.js';
import { openRuntime } from '#octavo/models/runtime/open-runtime.js';
import type { Runtime } from '#octavo/models/runtime/runtime.js';
import { embeddedModel } from '../../support/concierge.js';
import { HostDevice } from '../../support/host-device.js';
import { logitRows } from '../../support/logit-rows.js';

const file = path.join(embeddedModel, 'onnx/model_quantized.onnx');
const shape = { layers: 6, kvHeads: 2, headDim: 64, vocab: 4096, rows: 12, capacity: 64 };

describe('captured decode steps', () => {
  it('give the logits of steps that are not captured, whatever ran between', async () => {
    const { runtime } = await openRuntime('auto');
    const captured = await openOn(new HostDevice(), runtime);
    const plain = new CausalModel(
      await runtime.open(file, { device: { provider: 'cpu', index: 0 }, threads: 1 }),
      shape,
    );
    for (const step of schedule()) {
      const expected = await logitRows(await plain.forward(step));
      expect(await logitRows(await captured.forward(step))).toEqual(expected);
    }
    // Memory of logits that are not captured goes; that of captured ones stays.
    captured.release();
    const again = { firstRow: 0, ids: [[7]], past: [9] };
    expect(await logitRows(await captured.forward(again))).toEqual(await logitRows(await plain.forward(again)));
    await captured.close();
    await plain.close();
  });
});

/** Prompts of one to four rows more, and after each some steps of all rows so far. */
function schedule(): readonly Batch[] {
  const steps: Batch[] = [];
  const past: number[] = [];
  for (const lengths of [[3], [9], [4, 6, 2], [5, 7, 2, 3]]) {
    const ids = lengths.map((length, row) => Array.from({ length }, (_, at) => (at * 79 + row * 31 + 5) % 4000));
    steps.push({ firstRow: past.length, ids, past: lengths.map(() => 0) });
    past.push(...lengths);
    for (let i = 0; i < 3; i++) {
      steps.push({ firstRow: 0, ids: past.map((_, row) => [row + i]), past: [...past] });
      for (const row of past.keys()) past[row]! += 1;
    }
  }
  return steps;
}

async function openOn(device: HostDevice, runtime: Runtime): Promise<CausalModel> {
  const given = withGivenLengths(file)!;
  const session = await device.open(runtime, given.graph, path.dirname(file));
  const ports = { ...ownPorts(shape.layers), lengths: given.inputs };
  const opener = { open: (graph: string | Uint8Array) => device.open(runtime, graph) };
  const cache = await DeviceKvCache.open(device, { shape, names: ports.cache }, opener);
  const weigher = await openWeigher(runtime, shape.vocab, 1);
  const logits = await DeviceLogits.open(device, { vocab: shape.vocab, weigher }, opener);
  const output = { name: ports.logits, vocab: shape.vocab };
  const captured = new CapturedDecode({ session, device, open: opener.open, logits: output, rows: shape.rows });
  return new CausalModel(session, shape, { ports, cache, logits, captured });
}
