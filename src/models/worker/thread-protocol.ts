/** What the main thread and the worker thread of a model say to each other, whatever the model's steps are. */
import type { DeviceName } from '../../device-name.js';
import type { ErrorCode } from '../../errors.js';
import type { RuntimeName } from '../runtime/runtime.js';
import type { RuntimeInfo } from '../served-model.js';

/** How a worker thread opens its graph. */
export interface SessionSetup {
  /** Absolute path of the ONNX graph. */
  readonly graph: string;
  readonly runtime: RuntimeName | 'auto';
  readonly device: DeviceName;
  /** Of the graph, or the variant of an export: which devices suit it. */
  readonly precision: string;
  readonly threads: number;
}

/** What the thread knows of how its graph was opened. */
export type SessionInfo = Omit<RuntimeInfo, 'rows'>;

/** `incarnation` names one start of the thread: a new thread has nothing of the old one's state. */
export type ThreadRequest<Step> =
  | { readonly kind: 'hello' }
  | { readonly kind: 'step'; readonly incarnation: number; readonly step: Step }
  | { readonly kind: 'rest' }
  | { readonly kind: 'close' };

/** Errors cross as plain values: a class does not survive the copy between threads. */
export type ThreadReply<Result> =
  | { readonly kind: 'hello'; readonly incarnation: number; readonly info: SessionInfo }
  | { readonly kind: 'result'; readonly result: Result }
  | { readonly kind: 'rested' }
  | { readonly kind: 'closed' }
  | { readonly kind: 'error'; readonly code: ErrorCode; readonly message: string };
