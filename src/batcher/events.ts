/** What the batchers publish: one event for each step, and one for each sequence or text. */
import type { GenerationTimings } from './generation.js';

export interface StepEvent {
  readonly kind: 'prefill' | 'decode' | 'encode';
  readonly rows: number;
  /** Runs of the model; times and tokens are those of all. */
  readonly rounds: number;
  /** New tokens that were asked for, and those computed with padding. */
  readonly tokens: number;
  readonly paddedTokens: number;
  readonly modelMs: number;
  readonly sampleMs: number;
  /** Where tokens were guessed: how many, and how many of them counted. */
  readonly speculation?: { readonly drafted: number; readonly accepted: number };
}

export interface FinishedEvent {
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly reusedTokens: number;
  readonly timings: GenerationTimings;
}

/** `broken`: the engine did not come back either, and is tried again when it is asked for. */
export interface EngineFailure {
  readonly error: Error;
  readonly broken: boolean;
}

interface EngineEvents {
  step(event: StepEvent): void;
  failed?(failure: EngineFailure): void;
}

export interface BatcherEvents extends EngineEvents {
  finished(event: FinishedEvent): void;
}

export interface EncodeEvents extends EngineEvents {
  /** A text has waited this many milliseconds, and is computed now. */
  queued(ms: number): void;
}
