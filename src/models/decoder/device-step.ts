/** The rows of one step whose logits lie on a device, and what they ask of it. */
import type { BlockWeights, DeviceLogits, Likeliest } from './device-logits.js';
import { type Ask, type BlocksAsk, DeviceRow, type RowSource } from './device-row.js';
import { JointAsks } from './joint-asks.js';
import type { RowLogits, StepLogits } from './logits.js';
import { blocksOf, blockTokens } from './weights.js';

/** A run on a device takes about as long for one row as for all, so rows ask together. */
export class DeviceStep implements StepLogits, RowSource {
  readonly logits: DeviceLogits;
  readonly rows: readonly RowLogits[];
  likeliest: Likeliest | null = null;
  weights: BlockWeights | null = null;
  whole: Float32Array | null = null;
  readonly #factors: number[];
  readonly #asks = new JointAsks<Ask>({ choose: (asks) => this.#oneWhole(asks), run: (asks) => this.#answer(asks) });

  /** The first `rows` of the logits that were written last. */
  constructor(logits: DeviceLogits, rows: number) {
    this.logits = logits;
    this.rows = Array.from({ length: rows }, (_, row) => new DeviceRow(this, row));
    this.#factors = this.rows.map(() => 1);
  }

  each(choose: (row: RowLogits, index: number) => Promise<void>): Promise<void> {
    return this.#asks.each(this.rows, choose);
  }

  ask(ask: Ask): Promise<void> {
    return this.#asks.ask(ask);
  }

  /** Rows in memory of ours share what weighs them: only one of these goes on at a time, to its end. */
  #oneWhole(asks: readonly Ask[]): Ask[] {
    const first = asks.find(({ kind }) => kind === 'whole');
    return asks.filter((ask) => ask === first || ask.kind !== 'whole');
  }

  async #answer(asks: readonly Ask[]): Promise<void> {
    try {
      await this.#run(asks);
    } catch (error) {
      this.logits.release();
      throw error;
    }
  }

  async #run(asks: readonly Ask[]): Promise<void> {
    const rows = this.rows.length;
    if (asks.some(({ kind }) => kind === 'likeliest')) this.likeliest ??= await this.logits.likeliest(rows);
    const weighed = asks.filter((ask) => ask.kind === 'weigh');
    // The weights of the other rows are written anew as they were.
    for (const { row, factor } of weighed) this.#factors[row] = factor;
    if (weighed.length > 0) this.weights = await this.logits.weigh(this.#factors);
    await this.#bringBlocks(asks.filter((ask) => ask.kind === 'blocks'));
    for (const { row } of asks.filter(({ kind }) => kind === 'whole')) this.whole = await this.logits.whole(row, rows);
  }

  async #bringBlocks(asks: readonly BlocksAsk[]): Promise<void> {
    if (asks.length === 0) return;
    const perRow = blocksOf(this.logits.vocab);
    const wanted = asks.flatMap(({ row, blocks }) => blocks.map((block) => ({ row, block })));
    const brought = await this.logits.blocks(
      this.rows.length,
      wanted.map(({ row, block }) => row * perRow + block),
    );
    for (const [i, { row, block }] of wanted.entries()) {
      const values = brought.subarray(i * blockTokens, (i + 1) * blockTokens);
      this.logits.values(row).set(values, block * blockTokens);
    }
  }
}
