/** The messages between the batcher and a decoder's worker thread: slot numbers and token ids, never a tensor. */
import type { Sampling } from './sampling.js';

/** The KV cache of row `from` moves to row `to`; `from` is free afterwards. Rows of one step move in order. */
export interface RowMove {
  readonly from: number;
  readonly to: number;
}

/** Tokens of a block of the pool, in which the beginnings of prompts are kept for later ones. */
export const blockTokens = 64;

/** Block `block` of a row, its tokens `block * blockTokens …`, is copied into a slot of the pool. */
export interface BlockCopy {
  readonly block: number;
  readonly slot: number;
}

/** What a row begins with that was computed before. */
export interface KeptPrefix {
  /** Slots of the pool whose blocks are copied to the row's beginning, in order. */
  readonly slots: readonly number[];
  /** The tokens in them. */
  readonly ids: readonly number[];
}

/** A part of one prompt, computed in a prefill step. */
export interface PromptChunk {
  /** Token ids of this chunk, at least two unless the whole prompt is one token. */
  readonly ids: readonly number[];
  /** Tokens of the prompt that are in the KV cache already, those of `prefix` among them. */
  readonly past: number;
  /** With the first chunk of a prompt that begins like an earlier one: copied before the step. */
  readonly prefix?: KeptPrefix;
  /** Copied into the pool after the step. */
  readonly keep?: readonly BlockCopy[];
  /** Set with the chunk that ends the prompt: the step samples the first token with it. */
  readonly sampling?: Sampling;
}

/** Several prompts from their first token (right-padded together), or one chunk of one prompt that has a past. */
export interface Prefill {
  readonly kind: 'prefill';
  /** The chunks take the rows from here on, in order. */
  readonly firstRow: number;
  readonly chunks: readonly PromptChunk[];
}

/**
 * One more token for each of the rows `0 … rows - 1`, and again, `rounds` times: the way to the worker and back costs a
 * small model as much as a part of a round. It ends after the round in which a row samples one of its stop tokens,
 * or the engine is interrupted.
 */
export interface Decode {
  readonly kind: 'decode';
  readonly rows: number;
  /** At least one. Every row has room for as many tokens. */
  readonly rounds: number;
  /** Set: each row, by itself, may get several tokens in a round. */
  readonly speculation?: Speculation;
}

/**
 * Guessing the next tokens of a row from its own text and verifying them in one run. A guess counts when it is the token
 * that the row's sampling chooses there, so the tokens are those of plain decoding up to rounding: several tokens are
 * computed by another path than one.
 */
export interface Speculation {
  /** Tokens to guess in a round at most. */
  readonly draftTokens: number;
  /** Tokens that a row may get in the whole step; it ends when one has them. */
  readonly mostTokens: number;
}

/** One engine step, which is one message: the scheduler decides it, a worker runs it. */
export interface Step {
  readonly moves: readonly RowMove[];
  readonly work: Prefill | Decode;
}

export interface StepResult {
  /** The tokens that were sampled for each row of the step, in row order; none where the prompt has not ended. */
  readonly tokens: readonly (readonly number[])[];
  /** Of each of these tokens, for rows that ask for it; empty for the others. An engine that knows none has none. */
  readonly logProbabilities?: readonly (readonly number[])[];
  /** Runs of the model: one for a prefill, at most those asked for of a decode. */
  readonly rounds: number;
  /** Milliseconds in the model, and in the sampler, of all rounds. */
  readonly modelMs: number;
  readonly sampleMs: number;
  /** Of a step with speculation: tokens that were guessed, and those of them that counted. */
  readonly speculation?: { readonly drafted: number; readonly accepted: number };
}

/** What runs the steps of one replica: a worker thread with a model, or a fake of it in tests. */
export interface DecoderEngine {
  /** Rows of the KV arena. */
  readonly rows: number;
  /** Tokens that a row can hold: the context length. */
  readonly capacity: number;
  /** Slots of the pool in which blocks of prompts are kept; 0: there is none. */
  readonly slots: number;
  /**
   * An encoder reads the prompts, each whole, into memory of their own: no prompt is cut into chunks, and a row has
   * `capacity` tokens for its prompt and as many for its output.
   */
  readonly encodesPrompts: boolean;
  /** Tokens can be guessed: several of a row are verified in one run, and those that were wrong leave no trace. */
  readonly verifiesGuesses: boolean;
  /**
   * Runs one step. Steps must not overlap. Rejects with `engine_failed` when the worker is lost and with
   * `device_lost` or `internal_error` when the run fails; then every row and slot is lost, and `recover` comes before the next
   * step. Rejects with `device_out_of_memory` when the step lacked memory: its own rows and all slots are lost then, the others not.
   */
  step(step: Step): Promise<StepResult>;
  /** The decode step that runs, if one does, ends after its round: somebody could begin now. */
  interrupt(): void;
  /** After a failed step: resolves when the engine works again, with every row and slot empty. Rejects when it does not. */
  recover(): Promise<void>;
  close(): Promise<void>;
}
