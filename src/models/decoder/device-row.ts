/** The logits of one row on a device. */
import { invariant } from '../../errors.js';
import type { BlockWeights, DeviceLogits, Likeliest } from './device-logits.js';
import { argmax, HostRow, type LogProbabilityOf, type RowLogits } from './logits.js';
import { factorOf, oneByOne } from './weigher.js';
import { type AbsentBlocks, blocksOf, blockTokens, sumOf, type Weights } from './weights.js';

/** What a row needs to go on. */
export type Ask =
  | { readonly kind: 'likeliest' | 'whole'; readonly row: number }
  | { readonly kind: 'weigh'; readonly row: number; readonly factor: number }
  | BlocksAsk;

export interface BlocksAsk {
  readonly kind: 'blocks';
  readonly row: number;
  readonly blocks: readonly number[];
}

/** Where a row asks, and what has come for it. */
export interface RowSource {
  readonly logits: DeviceLogits;
  readonly likeliest: Likeliest | null;
  readonly weights: BlockWeights | null;
  /** The logits of the row that asked for them last, float32 [vocab]. */
  readonly whole: Float32Array | null;
  /** Until it has come. A row asks for one thing at a time. */
  ask(ask: Ask): Promise<void>;
}

export class DeviceRow implements RowLogits {
  readonly #source: RowSource;
  readonly #row: number;

  constructor(source: RowSource, row: number) {
    this.#source = source;
    this.#row = row;
  }

  async likeliest(): Promise<number> {
    await this.#source.ask({ kind: 'likeliest', row: this.#row });
    const { likeliest } = this.#source;
    invariant(likeliest !== null, 'what was asked for has come');
    // Providers differ in what the greatest is where some are no numbers: of such rows the host decides.
    if (Number.isNaN(likeliest.sum[this.#row])) return (await this.fetch()).likeliest();
    const values = likeliest.values.subarray(this.#row * blockTokens, (this.#row + 1) * blockTokens);
    return likeliest.block[this.#row]! * blockTokens + argmax(values);
  }

  async weigh(temperature: number): Promise<Weights> {
    await this.#source.ask({ kind: 'weigh', row: this.#row, factor: factorOf(temperature) });
    const { weights: brought, logits } = this.#source;
    invariant(brought !== null, 'what was asked for has come');
    const blocks = blocksOf(logits.vocab);
    const ofRow = (values: Float32Array) => values.subarray(this.#row * blocks, (this.#row + 1) * blocks);
    const sums = ofRow(brought.sums);
    const weights = {
      values: logits.values(this.#row).subarray(0, logits.vocab),
      sums,
      peaks: ofRow(brought.peaks),
      total: sumOf(sums),
      absent: new BlocksOnDevice(this.#source, this.#row),
    };
    return weights.total >= 1 ? weights : (await this.fetch()).weigh(temperature);
  }

  async logProbabilities(): Promise<LogProbabilityOf> {
    return async (token) => {
      const weights = await this.weigh(1);
      const block = Math.floor(token / blockTokens);
      const weight = () => {
        weights.absent?.require([block]);
        return weights.values[token]!;
      };
      const value = Math.log(await (weights.absent?.settle(weight) ?? weight())) - Math.log(weights.total);
      return Number.isNaN(value) ? -Infinity : value;
    };
  }

  async fetch(): Promise<HostRow> {
    await this.#source.ask({ kind: 'whole', row: this.#row });
    const { whole, logits } = this.#source;
    invariant(whole !== null, 'what was asked for has come');
    return new HostRow(whole, oneByOne(logits.weigher));
  }
}

/** Thrown by `require`: the blocks must come first. */
class BlocksMissing extends Error {
  readonly blocks: readonly number[];

  constructor(blocks: readonly number[]) {
    super('Blocks are not here yet.');
    this.blocks = blocks;
  }
}

class BlocksOnDevice implements AbsentBlocks {
  readonly #source: RowSource;
  readonly #row: number;
  readonly #here = new Set<number>();

  constructor(source: RowSource, row: number) {
    this.#source = source;
    this.#row = row;
  }

  require(blocks: readonly number[]): void {
    const missing = [...new Set(blocks)].filter((block) => !this.#here.has(block));
    if (missing.length > 0) throw new BlocksMissing(missing);
  }

  async settle<T>(compute: () => T): Promise<T> {
    for (;;) {
      try {
        return compute();
      } catch (error) {
        if (!(error instanceof BlocksMissing)) throw error;
        await this.#source.ask({ kind: 'blocks', row: this.#row, blocks: error.blocks });
        for (const block of error.blocks) this.#here.add(block);
      }
    }
  }
}
