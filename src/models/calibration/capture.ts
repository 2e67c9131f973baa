/** Activations of the FP32 model on the calibration text, from a worker thread. */
import { Piscina } from 'piscina';
import { type ErrorCode, OctavoError } from '../../errors.js';
import type { DecoderShape } from '../decoder/language-model.js';

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

export type CaptureReply =
  | { readonly kind: 'activations'; readonly activations: readonly Float32Array[] }
  | { readonly kind: 'error'; readonly code: ErrorCode; readonly message: string };

/** For each value [tokens of all pieces, channels]. Throws what loading and running throw. */
export async function captureActivations(setup: CaptureSetup): Promise<readonly Float32Array[]> {
  const pool = new Piscina<void, CaptureReply>({
    filename: new URL('./worker.js', import.meta.url).href,
    workerData: setup,
    minThreads: 1,
    maxThreads: 1,
  });
  try {
    const reply = await pool.run();
    if (reply.kind === 'error') throw new OctavoError(reply.code, reply.message);
    return reply.activations;
  } finally {
    await pool.close();
  }
}
