/** What computes the logits of a decoder's rows, and holds their keys and values. */
import type { KvCacheShape } from './kv-cache.js';
import type { BlockPool } from './kv-pool.js';
import type { StepLogits } from './logits.js';
import type { RowMove } from './step.js';

export interface DecoderShape extends KvCacheShape {
  readonly vocab: number;
}

/** New tokens of some consecutive rows: whole prompts, a chunk of one, or one more token for each row. */
export interface Batch {
  readonly firstRow: number;
  readonly ids: readonly (readonly number[])[];
  /** Tokens that each row has read before; 0 where a prompt begins. */
  readonly past: readonly number[];
}

/** Some new tokens of one row that decodes. */
export interface Guess {
  readonly row: number;
  readonly ids: readonly number[];
  /** Tokens that the row has read before. */
  readonly past: number;
}

/** In memory of ours, [vocab] for each row, or on the device of the model's graph. */
export type ForwardLogits = readonly Float32Array[] | StepLogits;

export interface LanguageModel {
  /** Beginnings of prompts that outlive their row; `null`: the model keeps none. */
  readonly pool: BlockPool | null;
  /** Reads a batch. The logits that follow the last token of each row; they hold until the next call. */
  forward(batch: Batch): Promise<ForwardLogits>;
  /**
   * Reads several tokens of a row, at least two, as a chunk of a prompt is read. The logits that follow each of them, as
   * `forward` gives them. What the row has read is known by its length: a token that is not counted is read over.
   * Some models cannot.
   */
  verify?(guess: Guess): Promise<ForwardLogits>;
  /** Moves what row `from` holds, which has read `length` tokens; `from` is free afterwards. */
  move(move: RowMove, length: number): Promise<void>;
  /** Every row is free: its memory goes back to the system until it is needed. */
  release(): void;
  close(): Promise<void>;
}
