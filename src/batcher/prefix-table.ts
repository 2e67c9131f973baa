/**
 * Which beginnings of prompts are kept in the engine's block pool: a table of blocks by content, the least recently used
 * forgotten first. It plans; the engine copies.
 */
import { createHash } from 'node:crypto';
import { invariant } from '../errors.js';
import { type BlockCopy, blockTokens } from '../models/decoder/step.js';

/** A name for each whole block of a prompt, which says all that is before it, too. */
export type BlockChain = readonly string[];

/**
 * The blocks of a prompt that can be kept. Equal names mean equal tokens from the first one on, and the same `tenant`:
 * tenants never share blocks, for how fast an answer begins would tell one what another has asked.
 */
export function blockChain(prompt: readonly number[], tenant: string): BlockChain {
  const chain: string[] = [];
  let name = createHash('sha256').update(tenant).digest();
  for (let end = blockTokens; end <= prompt.length; end += blockTokens) {
    const ids = Uint32Array.from(prompt.slice(end - blockTokens, end));
    name = createHash('sha256').update(name).update(ids).digest();
    chain.push(name.toString('base64'));
  }
  return chain;
}

/** Blocks of a prompt that may be taken from the pool: at least two tokens are left to compute, as in every chunk. */
export function mostReusable(promptTokens: number): number {
  return Math.max(0, Math.floor((promptTokens - 2) / blockTokens));
}

export class PrefixTable {
  readonly #capacity: number;
  /**
   * The slot of each block, the least recently used first. Whenever blocks are touched, the first of their chain is
   * touched last: so a block never comes before one that follows it in a prompt, and the first of all is always a leaf.
   */
  readonly #slots = new Map<string, number>();
  #free: number[];

  /** `capacity`: slots of the pool; 0: nothing is kept. */
  constructor(capacity: number) {
    this.#capacity = capacity;
    this.#free = allSlots(capacity);
  }

  /** Blocks from the beginning of the chain that are in the pool. */
  known(chain: BlockChain): number {
    let count = 0;
    while (count < chain.length && this.#slots.has(chain[count]!)) count++;
    return count;
  }

  /** The slots of the first `count` blocks, which are known. */
  take(chain: BlockChain, count: number): readonly number[] {
    const taken = chain.slice(0, count);
    this.#touch(taken);
    return taken.map((name) => this.#slotOf(name));
  }

  /** Makes room for the blocks of a chain that are not known yet, as many as the pool can hold: to be copied into it. */
  add(chain: BlockChain): readonly BlockCopy[] {
    const known = this.known(chain);
    const kept = chain.slice(0, Math.min(chain.length, this.#capacity));
    this.#touch(kept.slice(0, known));
    const copies = kept.slice(known).map((_, index) => ({ block: known + index, slot: this.#makeRoom() }));
    for (const { block, slot } of copies.toReversed()) this.#slots.set(chain[block]!, slot);
    this.#touch(kept.slice(0, known));
    return copies;
  }

  /** The engine has lost its pool. */
  clear(): void {
    this.#slots.clear();
    this.#free = allSlots(this.#capacity);
  }

  #touch(chain: BlockChain): void {
    for (const name of chain.toReversed()) {
      const slot = this.#slotOf(name);
      this.#slots.delete(name);
      this.#slots.set(name, slot);
    }
  }

  #slotOf(name: string): number {
    const slot = this.#slots.get(name);
    invariant(slot !== undefined, 'the block is in the pool');
    return slot;
  }

  #makeRoom(): number {
    const free = this.#free.pop();
    if (free !== undefined) return free;
    const [oldest] = this.#slots;
    invariant(oldest !== undefined, 'a pool without a free slot holds blocks');
    this.#slots.delete(oldest[0]);
    return oldest[1];
  }
}

function allSlots(capacity: number): number[] {
  return Array.from({ length: capacity }, (_, index) => capacity - 1 - index);
}
