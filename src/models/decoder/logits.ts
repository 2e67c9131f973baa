/** The logits of a step's rows, as what chooses tokens reads them: in memory of ours, or on the device that computed them. */
import { invariant } from '../../errors.js';
import { JointAsks } from './joint-asks.js';
import { logProbabilities } from './log-probability.js';
import type { WeighedRow, Weigher, WeighRow } from './weigher.js';
import type { Weights } from './weights.js';

/** The logits of one row. */
export interface RowLogits {
  /** The lowest id of the greatest logit; NaN is never it, unless there is nothing else. */
  likeliest(): Promise<number>;
  /** They hold until this row asks again or has chosen; outside of `each` until any row asks. `temperature` is above zero. */
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
  /** Chooses for all rows, in no order, several at once: what they ask for meanwhile is run together. */
  each(choose: (row: RowLogits, index: number) => Promise<void>): Promise<void>;
}

/** Rows in memory of ours, which are weighed together, a few at a time. */
export class HostStep implements StepLogits {
  readonly rows: readonly RowLogits[];
  readonly #together: number;
  readonly #asks: JointAsks<WeighAsk>;

  /** `values`: float32 [vocab] of each row. */
  constructor(values: readonly Float32Array[], weigher: Weigher) {
    this.#together = weigher.together;
    this.#asks = new JointAsks({
      run: async (asks) => {
        const weights = await weigher.weigh(asks.map(({ row }) => row));
        for (const [index, ask] of asks.entries()) ask.weights = weights[index]!;
      },
    });
    this.rows = values.map((row) => new HostRow(row, (weighed) => this.#weigh(weighed)));
  }

  async each(choose: (row: RowLogits, index: number) => Promise<void>): Promise<void> {
    for (let first = 0; first < this.rows.length; first += this.#together) {
      const group = this.rows.slice(first, first + this.#together);
      await this.#asks.each(group, (row, index) => choose(row, first + index));
    }
  }

  async #weigh(row: WeighedRow): Promise<Weights> {
    const ask: WeighAsk = { row, weights: null };
    await this.#asks.ask(ask);
    invariant(ask.weights !== null, 'what was asked for has come');
    return ask.weights;
  }
}

interface WeighAsk {
  readonly row: WeighedRow;
  weights: Weights | null;
}

export class HostRow implements RowLogits {
  /** float32 [vocab] */
  readonly values: Float32Array;
  readonly #weigh: WeighRow;

  constructor(values: Float32Array, weigh: WeighRow) {
    this.values = values;
    this.#weigh = weigh;
  }

  async likeliest(): Promise<number> {
    return argmax(this.values);
  }

  async weigh(temperature: number): Promise<Weights> {
    return this.#weigh({ logits: this.values, temperature });
  }

  async logProbabilities(): Promise<LogProbabilityOf> {
    return logProbabilities(this.values, this.#weigh);
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
