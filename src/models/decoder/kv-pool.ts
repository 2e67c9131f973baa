/** Blocks of the KV cache that are kept when their row is gone, for prompts that begin with the same tokens. */
import { zeros } from '../runtime/runtime.js';
import type { CacheArray, KvArena, KvShape } from './kv-arena.js';
import { type TokenShape, tokenBytes } from './kv-memory.js';
import { type BlockCopy, blockTokens } from './step.js';

/** Bytes of one slot. */
export function slotBytes(shape: TokenShape): number {
  return blockTokens * tokenBytes(shape);
}

/** Keeps blocks in slots. */
export interface BlockPool {
  /** Copies blocks of a row into slots. */
  keep(row: number, copies: readonly BlockCopy[]): Promise<void>;
  /** Copies the blocks in `slots` to the beginning of a row. */
  restore(row: number, slots: readonly number[]): Promise<void>;
}

export class KvPool implements BlockPool {
  readonly #shape: KvShape;
  readonly #arena: KvArena;
  /** As the arena's: each [slots, kvHeads, blockTokens, headDim]. */
  readonly #slots: readonly CacheArray[];

  /** Memory is taken from the system when a slot is first written. */
  constructor(arena: KvArena, shape: KvShape, slots: number) {
    this.#shape = shape;
    this.#arena = arena;
    const length = slots * shape.kvHeads * blockTokens * shape.headDim;
    const element = shape.element ?? 'float32';
    this.#slots = arena.blocks.map(() => zeros(element, [length]).data as CacheArray);
  }

  async keep(row: number, copies: readonly BlockCopy[]): Promise<void> {
    for (const copy of copies) {
      this.#eachHead(row, copy, (cache, slots, at) => {
        slots.set(cache.subarray(at.cache, at.cache + at.length), at.slot);
      });
    }
  }

  async restore(row: number, slots: readonly number[]): Promise<void> {
    for (const [block, slot] of slots.entries()) {
      this.#eachHead(row, { block, slot }, (cache, kept, at) => {
        cache.set(kept.subarray(at.slot, at.slot + at.length), at.cache);
      });
    }
  }

  /** In both memories the tokens of a block lie together for each head; `at` says where. */
  #eachHead(
    row: number,
    { block, slot }: BlockCopy,
    copy: (cache: CacheArray, slots: CacheArray, at: { cache: number; slot: number; length: number }) => void,
  ): void {
    const { kvHeads, capacity, headDim } = this.#shape;
    const length = blockTokens * headDim;
    this.#arena.blocks.forEach((cache, index) => {
      for (let head = 0; head < kvHeads; head++) {
        const start = ((row * kvHeads + head) * capacity + block * blockTokens) * headDim;
        copy(cache, this.#slots[index]!, { cache: start, slot: (slot * kvHeads + head) * length, length });
      }
    });
  }
}
