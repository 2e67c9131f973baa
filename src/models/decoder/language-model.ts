/** What computes the logits of a decoder's rows, and holds their keys and values. */
import type { KvShape } from './kv-arena.js';
import type { KvPool } from './kv-pool.js';
import type { RowMove } from './step.js';

export interface DecoderShape extends KvShape {
  readonly vocab: number;
  /** Slots of the pool for beginnings of prompts; none when left out. */
  readonly slots?: number;
}

/** New tokens of some consecutive rows: whole prompts, a chunk of one, or one more token for each row. */
export interface Batch {
  readonly firstRow: number;
  readonly ids: readonly (readonly number[])[];
  /** Tokens that each row has read before; 0 where a prompt begins. */
  readonly past: readonly number[];
}

export interface LanguageModel {
  /** Beginnings of prompts that outlive their row; `null`: the model keeps none. */
  readonly pool: KvPool | null;
  /** Reads a batch. The logits that follow the last token of each row, [vocab] each; they hold until the next call. */
  forward(batch: Batch): Promise<readonly Float32Array[]>;
  /** Moves what row `from` holds, which has read `length` tokens; `from` is free afterwards. */
  move(move: RowMove, length: number): void;
  close(): Promise<void>;
}
