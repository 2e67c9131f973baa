/** The worker thread that reads the calibration text with the FP32 model: a Piscina worker with one task. */
import { workerData } from 'piscina';
import { KvArena } from '../decoder/kv-arena.js';
import { integers } from '../receipt/logits-reader.js';
import { openRuntime } from '../runtime/open-runtime.js';
import { cpu, type Session, type Tensor, zeros } from '../runtime/runtime.js';
import { toFailure } from '../worker/thread-protocol.js';
import type { Captured, CaptureReply, CaptureSetup } from './capture.js';

const setup = workerData as CaptureSetup;

export default async function handle(): Promise<CaptureReply> {
  try {
    return { kind: 'captured', captured: await capture() };
  } catch (error) {
    return toFailure(error);
  }
}

async function capture(): Promise<Captured> {
  const { runtime } = await openRuntime('auto');
  const session = await runtime.open(setup.graph, { device: cpu, threads: setup.threads });
  try {
    const tokens = setup.pieces.reduce((sum, ids) => sum + ids.length, 0);
    const activations = setup.values.map(({ channels }) => new Float32Array(tokens * channels));
    const arena = new KvArena(setup.shape);
    const { kvHeads, headDim } = setup.shape;
    const cacheRanges = arena.blocks.map(() => new Float32Array(kvHeads * headDim));
    let read = 0;
    for (const ids of setup.pieces) {
      const values = await readPiece(session, ids, arena);
      values.forEach((value, index) => {
        activations[index]!.set(value, read * setup.values[index]!.channels);
      });
      arena.blocks.forEach((block, index) => {
        widen(cacheRanges[index]!, block as Float32Array, ids.length);
      });
      read += ids.length;
    }
    return { activations, cacheRanges };
  } finally {
    await session.close();
  }
}

/** `block`: [1, kvHeads, capacity, headDim], of which the first `length` tokens were written. */
function widen(ranges: Float32Array, block: Float32Array, length: number): void {
  const { headDim, capacity } = setup.shape;
  for (let channel = 0; channel < ranges.length; channel++) {
    const first = Math.floor(channel / headDim) * capacity * headDim + (channel % headDim);
    for (let at = first; at < first + length * headDim; at += headDim) {
      ranges[channel] = Math.max(ranges[channel]!, Math.abs(block[at]!));
    }
  }
}

/** Each value for every token of the piece, [tokens, channels]. */
async function readPiece(session: Session, ids: readonly number[], arena: KvArena): Promise<Float32Array[]> {
  const { past, present } = arena.view(0, 1);
  const inputs = new Map<string, Tensor>([
    ['input_ids', integers(ids)],
    ['attention_mask', integers(ids.map(() => 1))],
    ...past,
  ]);
  if (session.inputs.includes('position_ids')) inputs.set('position_ids', integers(ids.map((_, index) => index)));
  const values = setup.values.map(({ channels }) => zeros('float32', [1, ids.length, channels]));
  const logits = zeros('float32', [1, ids.length, setup.shape.vocab]);
  const outputs = new Map<string, Tensor>([['logits', logits], ...present]);
  values.forEach((value, index) => {
    outputs.set(setup.values[index]!.name, value);
  });
  await session.run(inputs, outputs);
  return values.map(({ data }) => data as Float32Array);
}
