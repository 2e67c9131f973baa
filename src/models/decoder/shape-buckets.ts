/** Shapes of steps on a device, padded to few: what was compiled and prepared for a shape serves again. */
import type { Batch } from './language-model.js';
import { paddedLengths } from './padded-lengths.js';
import { blockTokens, type RowMove } from './step.js';
import type { PaddedLengths } from './step-tensors.js';

export interface PaddedBatch extends PaddedLengths {
  /** The rows of the step, then those that stand for nothing. */
  readonly batch: Batch;
}

/** Beyond this many rows, or tokens of a prompt, buckets grow by steps; before, they double. */
const doubledRows = 8;
const doubledTokens = 64;
const fewestTokens = 16;

export class ShapeBuckets {
  readonly #rows: number;
  readonly #capacity: number;
  /** Tokens that each row of the cache may hold: where a row that stands for nothing writes is behind them. */
  readonly #read: number[] = [];

  /** Of a cache of that many rows with room for `capacity` tokens each. */
  constructor({ rows, capacity }: { readonly rows: number; readonly capacity: number }) {
    this.#rows = rows;
    this.#capacity = capacity;
  }

  pad(batch: Batch): PaddedBatch {
    const { length, total } = paddedLengths(batch);
    this.#note(batch);
    if (length === 1) return this.#padDecode(batch);
    // Behind others the new tokens of a row end where its mask ends: these cannot be padded.
    if (batch.past.some((past) => past > 0)) return { batch, length, total };
    const padded = Math.min(this.#capacity, bucketOf(Math.max(length, fewestTokens), doubledTokens));
    return { batch, length: padded, total: padded };
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

  /** Rows that follow in the cache take part with one token, behind what they hold, over which their next token is written. */
  #padDecode(batch: Batch): PaddedBatch {
    const { firstRow, ids, past } = batch;
    const rows = firstRow === 0 ? Math.min(this.#rows, bucketOf(ids.length, doubledRows)) : ids.length;
    const spare = Array.from({ length: rows - ids.length }, (_, index) => this.#read[ids.length + index] ?? 0);
    // A full row cannot go on: of what it holds the last may be lost.
    const pasts = [...past, ...spare.map((read) => Math.min(read, this.#capacity - 1))];
    const blocks = Math.ceil((Math.max(...pasts) + 1) / blockTokens);
    return {
      batch: { firstRow, ids: [...ids, ...spare.map(() => [0])], past: pasts },
      length: 1,
      total: Math.min(this.#capacity, blocks * blockTokens),
    };
  }

  #note({ firstRow, ids, past }: Batch): void {
    for (const [index, row] of ids.entries()) this.#read[firstRow + index] = past[index]! + row.length;
  }
}

/** 1, 2, 4, … `doubled`, then every multiple of it. */
function bucketOf(count: number, doubled: number): number {
  return count > doubled ? Math.ceil(count / doubled) * doubled : 2 ** Math.ceil(Math.log2(count));
}
