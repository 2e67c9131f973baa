/** What the main thread and the thread that compares models say to each other. */
import type { NamedDevice } from '../../device-name.js';
import type { KvShape } from '../decoder/kv-arena.js';
import type { ModelFolder } from '../model-folder.js';
import type { RuntimeName } from '../runtime/runtime.js';
import type { Failure } from '../worker/thread-protocol.js';

/** Absolute paths of a model's ONNX files, and what its cache is made of. */
export type Graphs = Pick<ModelFolder, 'graph' | 'encoderGraph'> & Pick<KvShape, 'element'>;

/** What FP32 and a model give for the same. */
export interface ValuesPair {
  readonly reference: Float32Array;
  readonly model: Float32Array;
}

/** How models are run that are measured. */
export interface RunOptions {
  readonly runtime: RuntimeName | 'auto';
  readonly device: NamedDevice;
  readonly threads: number;
}

/** Given to the thread when it starts. */
export interface CompareSetup<Sample, Shape> extends RunOptions {
  readonly reference: Graphs;
  readonly shape: Shape;
  readonly samples: readonly Sample[];
  /** What FP32 gives for all samples is kept, and its model closed before another is opened: for many models on few samples. */
  readonly remember: boolean;
}

export type CompareRequest =
  /** Closes the model before it. */
  | { readonly kind: 'open'; readonly graphs: Graphs }
  /** Samples are compared in their order. */
  | { readonly kind: 'compare'; readonly index: number }
  | { readonly kind: 'close' };

export type CompareReply<Result> =
  | { readonly kind: 'done' }
  | { readonly kind: 'result'; readonly result: Result }
  | Failure;
