/** What the batcher publishes: one event for each step and one for each finished sequence. */
import type { GenerationTimings } from './generation.js';

export interface StepEvent {
  readonly kind: 'prefill' | 'decode';
  readonly rows: number;
  /** New tokens that were asked for, and those computed with padding. */
  readonly tokens: number;
  readonly paddedTokens: number;
  readonly modelMs: number;
  readonly sampleMs: number;
}

export interface FinishedEvent {
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly timings: GenerationTimings;
}

export interface BatcherEvents {
  step(event: StepEvent): void;
  finished(event: FinishedEvent): void;
}
