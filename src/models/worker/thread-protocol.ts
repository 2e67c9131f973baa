/** What the main thread and the worker thread of a model say to each other, whatever the model's steps are. */
import type { DeviceName } from '../../device-name.js';
import { type ErrorCode, OctavoError } from '../../errors.js';
import type { RuntimeName } from '../runtime/runtime.js';
import type { RuntimeInfo } from '../served-model.js';
import type { TurnCell } from './device-turns.js';

/** How a worker thread opens its graph. */
export interface SessionSetup {
  /** Absolute path of the ONNX graph. */
  readonly graph: string;
  readonly runtime: RuntimeName | 'auto';
  readonly device: DeviceName;
  /** Of the graph, or the variant of an export: which devices suit it. */
  readonly precision: string;
  readonly threads: number;
  /** As `SessionOptions` has it, of the model's own graphs. */
  readonly profile?: string | undefined;
}

/** What `ModelThread` adds to it. */
export interface ThreadSetup extends SessionSetup {
  /** Shared by all threads of the process. */
  readonly turns: TurnCell;
}

/** What the thread knows of how its graph was opened. */
export type SessionInfo = Omit<RuntimeInfo, 'rows' | 'devices'>;

/**
 * `incarnation` names one loading of the model: another has nothing of its state. `leave`: whatever is on the device goes, and the
 * next hello loads the model again.
 */
export type ThreadRequest<Step> =
  | { readonly kind: 'hello' }
  | { readonly kind: 'step'; readonly incarnation: string; readonly step: Step }
  | { readonly kind: 'rest' }
  | { readonly kind: 'leave' }
  | { readonly kind: 'close' };

/** An error as a plain value: a class does not survive the copy between threads. */
export interface Failure {
  readonly kind: 'error';
  readonly code: ErrorCode;
  readonly message: string;
  /** What lies behind it, for the operator; empty: nothing is known. */
  readonly detail: string;
}

export type ThreadReply<Result> =
  | { readonly kind: 'hello'; readonly incarnation: string; readonly info: SessionInfo }
  | { readonly kind: 'result'; readonly result: Result }
  | { readonly kind: 'rested' }
  | { readonly kind: 'left' }
  | { readonly kind: 'closed' }
  | Failure;

export function toFailure(error: unknown): Failure {
  const code = error instanceof OctavoError ? error.code : 'internal_error';
  const { message, cause } = error as Error;
  return { kind: 'error', code, message, detail: cause instanceof Error ? cause.message : '' };
}
