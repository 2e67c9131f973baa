/** The keys and values of a model's rows, where its graph writes them: in memory of ours, or in a device's. */
import type { CacheNames } from './decoder-ports.js';
import { KvArena, type KvShape, type KvView } from './kv-arena.js';
import { type BlockPool, KvPool } from './kv-pool.js';
import type { RowMove } from './step.js';

export interface KvCacheShape extends KvShape {
  /** Slots of the pool for beginnings of prompts; none when left out. */
  readonly slots?: number;
}

export interface KvCache {
  /** Tokens that a row has room for: at least the shape's capacity. */
  readonly capacity: number;
  /** Beginnings of prompts that outlive their row. */
  readonly pool: BlockPool;
  /** What a step over the rows from `first` on binds; `past`: the tokens in each of them. */
  view(first: number, past: readonly number[]): Promise<KvView>;
  /** The step over these rows has run. */
  settle(first: number, rows: number): Promise<void>;
  /** Row `to` gets the first `length` tokens of row `from`. */
  move(move: RowMove, length: number): Promise<void>;
  /** Every row is free: what can be had again goes back to the system. */
  release(): void;
  close(): Promise<void>;
}

/** In memory of ours: the graph writes the rows themselves. */
export class HostKvCache implements KvCache {
  readonly capacity: number;
  readonly pool: KvPool;
  readonly #arena: KvArena;

  constructor(shape: KvCacheShape, names: CacheNames) {
    this.capacity = shape.capacity;
    this.#arena = new KvArena(shape, names);
    this.pool = new KvPool(this.#arena, shape, shape.slots ?? 0);
  }

  async view(first: number, past: readonly number[]): Promise<KvView> {
    return this.#arena.view(first, past.length);
  }

  async settle(): Promise<void> {}

  async move({ from, to }: RowMove, length: number): Promise<void> {
    this.#arena.move(from, to, length);
  }

  release(): void {
    this.#arena.release();
  }

  async close(): Promise<void> {}
}
