/** What the FP32 model computes on the calibration text, from a worker thread. */
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

export interface Captured {
  /** For each value [tokens of all pieces, channels]. */
  readonly activations: readonly Float32Array[];
  /** For each tensor of the cache, keys and values in turn, the greatest magnitude in each channel, [kvHeads * headDim]. */
  readonly cacheRanges: readonly Float32Array[];
}

export type CaptureReply = { readonly kind: 'captured'; readonly captured: Captured } | Failure;

/** Throws what loading and running throw. */
export async function readPieces(setup: CaptureSetup): Promise<Captured> {
  const thread = startPinnedThread<void, CaptureReply>(worker, setup);
  try {
    const reply = await thread.run();
    if (reply.kind === 'error') throw new OctavoError(reply.code, reply.message);
    return reply.captured;
  } finally {
    await thread.close();
  }
}
