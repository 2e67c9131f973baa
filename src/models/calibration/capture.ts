/** Activations of the FP32 model on the calibration text, from a worker thread. */
import { OctavoError } from '../../errors.js';
import type { DecoderShape } from '../decoder/language-model.js';
import { startPinnedThread } from '../worker/pinned-thread.js';
import type { Failure } from '../worker/thread-protocol.js';

const worker = new URL('./worker.js', import.meta.url);

export interface CaptureSetup {
  /** An ONNX file that has the values among its outputs. */
  readonly graph: string;
  /** One row, and the capacity of a piece. */
  readonly shape: DecoderShape;
  /** Token ids of each piece of the text; each is read from an empty cache. */
  readonly pieces: readonly (readonly number[])[];
  /** Outputs of the graph that are wanted: each float32 [1, tokens, channels]. */
  readonly values: readonly { readonly name: string; readonly channels: number }[];
  readonly threads: number;
}

export type CaptureReply = { readonly kind: 'activations'; readonly activations: readonly Float32Array[] } | Failure;

/** For each value [tokens of all pieces, channels]. Throws what loading and running throw. */
export async function captureActivations(setup: CaptureSetup): Promise<readonly Float32Array[]> {
  const thread = startPinnedThread<void, CaptureReply>(worker, setup);
  try {
    const reply = await thread.run();
    if (reply.kind === 'error') throw new OctavoError(reply.code, reply.message);
    return reply.activations;
  } finally {
    await thread.close();
  }
}
