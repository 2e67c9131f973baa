/** How near a step comes to what the machine can do at most. */
import type { MachineLimits } from './machine-limits.js';
import type { ModelWork } from './model-work.js';

export interface TimedStep {
  readonly seconds: number;
  /** That went through the layers, of all rows together. */
  readonly tokens: number;
  /** Whose logits were computed. */
  readonly rows: number;
}

/** Shares of the machine's limits, between 0 and 1. */
export interface Shares {
  /** Of the bandwidth of memory: a step reads every weight once. Caches and activations come on top. */
  readonly memory: number;
  /** Of the rate of 8-bit products; `null` where the model's are not of that kind. */
  readonly int8: number | null;
}

export function sharesOf({ seconds, tokens, rows }: TimedStep, work: ModelWork, limits: MachineLimits): Shares {
  const macs = tokens * work.macsPerToken + rows * work.macsPerLogits;
  return {
    memory: work.weightBytes / seconds / limits.readBytesPerSecond,
    int8: macs === 0 ? null : macs / seconds / limits.int8MacsPerSecond,
  };
}
