/** The logits of a step's rows, as what chooses tokens reads them: in memory of ours, or on the device that computed them. */
import { logProbabilities } from './log-probability.js';
import type { Weigher } from './weigher.js';
import type { Weights } from './weights.js';

/** The logits of one row. */
export interface RowLogits {
  /** The lowest id of the greatest logit; NaN is never it, unless there is nothing else. */
  likeliest(): Promise<number>;
  /** They hold until the next call of any row in memory of ours. `temperature` is above zero. */
  weigh(temperature: number): Promise<Weights>;
  /** To be called before the logits are changed: the model's own log-probability of a token, to be asked for once. */
  logProbabilities(): Promise<LogProbabilityOf>;
  /** A copy in memory of ours, or the logits themselves where they lie there: to be changed. */
  fetch(): Promise<HostRow>;
}

/** `-Infinity` where the model rules the token out or its logits are no numbers. */
export type LogProbabilityOf = (token: number) => number | Promise<number>;

/** The rows of one step; they hold until the next one. */
export interface StepLogits {
  readonly rows: readonly RowLogits[];
  /** Chooses for all rows, in their order, or at once where that asks less often of a device. */
  each(choose: (row: RowLogits, index: number) => Promise<void>): Promise<void>;
}

/** `values`: float32 [vocab] of each row. */
export function hostLogits(values: readonly Float32Array[], weigher: Weigher): StepLogits {
  const rows = values.map((row) => new HostRow(row, weigher));
  return {
    rows,
    // One after the other: they share the weigher's memory.
    each: async (choose) => {
      for (const [index, row] of rows.entries()) await choose(row, index);
    },
  };
}

export class HostRow implements RowLogits {
  /** float32 [vocab] */
  readonly values: Float32Array;
  readonly #weigher: Weigher;

  constructor(values: Float32Array, weigher: Weigher) {
    this.values = values;
    this.#weigher = weigher;
  }

  async likeliest(): Promise<number> {
    return argmax(this.values);
  }

  async weigh(temperature: number): Promise<Weights> {
    return this.#weigher.weigh(this.values, temperature);
  }

  async logProbabilities(): Promise<LogProbabilityOf> {
    return logProbabilities(this.values, this.#weigher);
  }

  async fetch(): Promise<HostRow> {
    return this;
  }
}

/** The lowest index of the greatest value; NaN is never it, unless there is nothing else. */
export function argmax(values: Float32Array): number {
  let best = 0;
  let max = -Infinity;
  const end = values.length & ~7;
  // Eight at a time: over a large vocabulary hardly any block holds a greater value, and this is twice as fast.
  for (let i = 0; i < end; i += 8) {
    if (
      values[i]! > max ||
      values[i + 1]! > max ||
      values[i + 2]! > max ||
      values[i + 3]! > max ||
      values[i + 4]! > max ||
      values[i + 5]! > max ||
      values[i + 6]! > max ||
      values[i + 7]! > max
    ) {
      for (let j = i; j < i + 8; j++) if (values[j]! > max) [max, best] = [values[j]!, j];
    }
  }
  for (let i = end; i < values.length; i++) if (values[i]! > max) [max, best] = [values[i]!, i];
  return best;
}
