/** The worker thread that reads the calibration text with the FP32 model: a Piscina worker with one task. */
import { workerData } from 'piscina';
import { KvArena } from '../decoder/kv-arena.js';
import { integers } from '../receipt/logits-reader.js';
import { openRuntime } from '../runtime/open-runtime.js';
import { cpu, type Session, type Tensor, zeros } from '../runtime/runtime.js';
import { toFailure } from '../worker/thread-protocol.js';
import type { CaptureReply, CaptureSetup } from './capture.js';

const setup = workerData as CaptureSetup;

export default async function handle(): Promise<CaptureReply> {
  try {
    return { kind: 'activations', activations: await capture() };
  } catch (error) {
    return toFailure(error);
  }
}

async function capture(): Promise<Float32Array[]> {
  const { runtime } = await openRuntime('auto');
  const session = await runtime.open(setup.graph, { device: cpu, threads: setup.threads });
  try {
    const tokens = setup.pieces.reduce((sum, ids) => sum + ids.length, 0);
    const samples = setup.values.map(({ channels }) => new Float32Array(tokens * channels));
    const arena = new KvArena(setup.shape);
    let read = 0;
    for (const ids of setup.pieces) {
      const values = await readPiece(session, ids, arena);
      values.forEach((value, index) => {
        samples[index]!.set(value, read * setup.values[index]!.channels);
      });
      read += ids.length;
    }
    return samples;
  } finally {
    await session.close();
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
