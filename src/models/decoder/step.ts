/** The messages between the batcher and a decoder's worker thread: slot numbers and token ids, never a tensor. */
import type { Sampling } from './sampling.js';

/** The KV cache of row `from` moves to row `to`; `from` is free afterwards. Rows of one step move in order. */
export interface RowMove {
  readonly from: number;
  readonly to: number;
}

/** A part of one prompt, computed in a prefill step. */
export interface PromptChunk {
  /** Token ids of this chunk, at least two unless the whole prompt is one token. */
  readonly ids: readonly number[];
  /** Tokens of the prompt that are in the KV cache already. */
  readonly past: number;
  /** Set with the chunk that ends the prompt: the step samples the first token with it. */
  readonly sampling?: Sampling;
}

/** Several prompts from their first token (right-padded together), or one later chunk of one prompt. */
export interface Prefill {
  readonly kind: 'prefill';
  /** The chunks take the rows from here on, in order. */
  readonly firstRow: number;
  readonly chunks: readonly PromptChunk[];
}

/** One more token for each of the rows `0 … rows - 1`. */
export interface Decode {
  readonly kind: 'decode';
  readonly rows: number;
}

/** One engine step: the scheduler decides it, a worker runs it. */
export interface Step {
  readonly moves: readonly RowMove[];
  readonly work: Prefill | Decode;
}

export interface StepResult {
  /** The sampled token of each row of the step, in row order; `null` where the prompt has not ended. */
  readonly tokens: readonly (number | null)[];
  /** Milliseconds in the model, and in the sampler. */
  readonly modelMs: number;
  readonly sampleMs: number;
}

/** What runs the steps of one replica: a worker thread with a model, or a fake of it in tests. */
export interface DecoderEngine {
  /** Rows of the KV arena. */
  readonly rows: number;
  /** Tokens that a row can hold: the context length. */
  readonly capacity: number;
  /**
   * An encoder reads the prompts, each whole, into memory of their own: no prompt is cut into chunks, and a row has
   * `capacity` tokens for its prompt and as many for its output.
   */
  readonly encodesPrompts: boolean;
  /**
   * Runs one step. Steps must not overlap. Rejects with `engine_failed` when the worker is lost and with
   * `internal_error` when the run fails; then every row is lost, and `recover` comes before the next step.
   */
  step(step: Step): Promise<StepResult>;
  /** After a failed step: resolves when the engine works again, with every row empty. Rejects when it does not. */
  recover(): Promise<void>;
  close(): Promise<void>;
}
