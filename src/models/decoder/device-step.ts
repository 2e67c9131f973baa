/** The rows of one step whose logits lie on a device, and what they ask of it. */
import type { BlockWeights, DeviceLogits, Likeliest } from './device-logits.js';
import { type Ask, type BlocksAsk, DeviceRow, type RowSource } from './device-row.js';
import type { RowLogits, StepLogits } from './logits.js';
import { blocksOf, blockTokens } from './weights.js';

interface Waiting {
  readonly ask: Ask;
  readonly resume: () => void;
  readonly fail: (error: unknown) => void;
}

/**
 * A run on a device takes about as long for one row as for all. Rows therefore choose at the same time, and when each of
 * them waits or has chosen, what they ask for is run together.
 */
export class DeviceStep implements StepLogits, RowSource {
  readonly logits: DeviceLogits;
  readonly rows: readonly RowLogits[];
  likeliest: Likeliest | null = null;
  weights: BlockWeights | null = null;
  whole: Float32Array | null = null;
  readonly #factors: number[];
  #choosing = 0;
  #waiting: Waiting[] = [];

  /** The first `rows` of the logits that were written last. */
  constructor(logits: DeviceLogits, rows: number) {
    this.logits = logits;
    this.rows = Array.from({ length: rows }, (_, row) => new DeviceRow(this, row));
    this.#factors = this.rows.map(() => 1);
  }

  async each(choose: (row: RowLogits, index: number) => Promise<void>): Promise<void> {
    this.#choosing = this.rows.length;
    const chosen = this.rows.map(async (row, index) => {
      try {
        await choose(row, index);
      } finally {
        this.#choosing -= 1;
        this.#answerWhenAllWait();
      }
    });
    // To the end, also when one fails: none may go on beside the next step.
    for (const result of await Promise.allSettled(chosen)) if (result.status === 'rejected') throw result.reason;
  }

  ask(ask: Ask): Promise<void> {
    return new Promise((resume, fail) => {
      this.#waiting.push({ ask, resume, fail });
      this.#answerWhenAllWait();
    });
  }

  #answerWhenAllWait(): void {
    if (this.#waiting.length > 0 && this.#waiting.length >= this.#choosing) void this.#answer();
  }

  async #answer(): Promise<void> {
    // Rows in memory of ours share what weighs them: only one of these goes on at a time, to its end.
    const [first, ...others] = this.#waiting.filter(({ ask }) => ask.kind === 'whole');
    const answered = this.#waiting.filter((row) => row === first || row.ask.kind !== 'whole');
    this.#waiting = others;
    try {
      await this.#run(answered.map(({ ask }) => ask));
      for (const { resume } of answered) resume();
    } catch (error) {
      this.#waiting = [];
      this.logits.release();
      for (const { fail } of [...answered, ...others]) fail(error);
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
