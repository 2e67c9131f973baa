/** Blocks of the engine's pool for the prompts of sequences: which a prompt begins with, and which it leaves to later ones. */
import { type BlockCopy, blockTokens } from '../models/decoder/step.js';
import { type BlockChain, mostReusable, PrefixTable } from './prefix-table.js';
import type { Sequence } from './sequence.js';

export class PromptBlocks {
  readonly #slots: number;
  readonly #table: PrefixTable;

  /** `slots` of the pool; 0: nothing is kept. */
  constructor(slots: number) {
    this.#slots = slots;
    this.#table = new PrefixTable(slots);
  }

  /** Whether there is a pool. */
  get keepsAny(): boolean {
    return this.#slots > 0;
  }

  /** Blocks of the chain, from its beginning on, that are kept. */
  known(chain: BlockChain): number {
    return this.#table.known(chain);
  }

  /** Tokens of a waiting prompt that need not be computed. */
  reusableTokens(sequence: Sequence): number {
    return this.#reusableBlocks(sequence) * blockTokens;
  }

  /** Before the sequence's first chunk: its prompt takes over what it can. */
  reuse(sequence: Sequence): void {
    const blocks = this.#reusableBlocks(sequence);
    if (blocks > 0) sequence.reuse(this.#table.take(sequence.chain, blocks));
  }

  /** With the last chunk: what is to be copied into the pool. */
  keep(sequence: Sequence): readonly BlockCopy[] {
    return this.#slots === 0 ? [] : this.#table.add(sequence.chain);
  }

  /** The engine has lost its pool. */
  clear(): void {
    this.#table.clear();
  }

  #reusableBlocks(sequence: Sequence): number {
    // Blocks are not named where none is kept.
    if (this.#slots === 0) return 0;
    return Math.min(this.#table.known(sequence.chain), mostReusable(sequence.promptTokens));
  }
}
