/** Numbers of rows to which decode steps are padded, so that what was prepared for one serves for several. */
import type { Batch } from './language-model.js';
import type { RowMove } from './step.js';

/**
 * Kernels change where a step has 4 rows (WebGPU's `MatMulNBits`, kMinMForTileOptimization), and their sums with them: no bucket
 * crosses that.
 */
const smallest = [1, 2, 3, 4];

export class RowBuckets {
  readonly #rows: number;
  readonly #capacity: number;
  /** Tokens that each row of the cache may hold. */
  readonly #read: number[] = [];

  /** Of a cache of `rows` rows with room for `capacity` tokens each. */
  constructor({ rows, capacity }: { readonly rows: number; readonly capacity: number }) {
    this.#rows = rows;
    this.#capacity = capacity;
  }

  /** A batch is to run: what its rows hold then. */
  note({ firstRow, ids, past }: Batch): void {
    for (const [index, row] of ids.entries()) this.#read[firstRow + index] = past[index]! + row.length;
  }

  /**
   * One more token for each of the first rows: those that follow in the cache take part with a token behind what they hold,
   * over which their next one is written anyway.
   */
  pad({ ids, past }: Omit<Batch, 'firstRow'>): Batch {
    const rows = Math.min(this.#rows, bucketOf(ids.length));
    const idle = Array.from({ length: rows - ids.length }, (_, index) => this.#read[ids.length + index] ?? 0);
    // A row that is full cannot go on: of what it holds the last may be lost.
    const behind = idle.map((read) => Math.min(read, this.#capacity - 1));
    return { firstRow: 0, ids: [...ids, ...idle.map(() => [0])], past: [...past, ...behind] };
  }

  /** Row `to` holds what row `from` held. */
  move({ from, to }: RowMove): void {
    this.#read[to] = this.#read[from] ?? 0;
    this.#read[from] = 0;
  }

  /** Every row is free. */
  release(): void {
    this.#read.length = 0;
  }
}

/** 1, 2, 3, 4, 8, 16, 24, … */
function bucketOf(rows: number): number {
  return smallest.find((bucket) => bucket >= rows) ?? Math.ceil(rows / 8) * 8;
}
