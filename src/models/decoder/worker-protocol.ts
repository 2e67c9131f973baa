/** What the main thread and a decoder's worker thread say to each other. */
import type { ErrorCode } from '../../errors.js';
import type { ProviderName, RuntimeName } from '../runtime/runtime.js';
import type { RuntimeInfo } from '../served-model.js';
import type { DecoderShape } from './decoder.js';
import type { Step, StepResult } from './step.js';

/** Given to the thread when it starts; it loads the model then. */
export interface WorkerSetup {
  /** Absolute path of the ONNX graph. */
  readonly graph: string;
  readonly shape: DecoderShape;
  readonly runtime: RuntimeName | 'auto';
  readonly provider: ProviderName | 'auto';
  readonly threads: number;
}

/** `incarnation` names one start of the thread: a new thread has none of the old one's rows. */
export type WorkerRequest =
  | { readonly kind: 'hello' }
  | { readonly kind: 'step'; readonly incarnation: number; readonly step: Step }
  | { readonly kind: 'close' };

/** Errors cross as plain values: a class does not survive the copy between threads. */
export type WorkerReply =
  | { readonly kind: 'hello'; readonly incarnation: number; readonly info: RuntimeInfo }
  | { readonly kind: 'result'; readonly result: StepResult }
  | { readonly kind: 'closed' }
  | { readonly kind: 'error'; readonly code: ErrorCode; readonly message: string };
