/** What the server asks of the batcher, and what it gets back. */
import type { Sampling } from '../models/decoder/sampling.js';

export interface GenerationRequest {
  /** Token ids, at least one. */
  readonly prompt: readonly number[];
  /** At least one; prompt and output together fit the context, or each does where an encoder reads the prompt. */
  readonly maxTokens: number;
  readonly sampling: Sampling;
  /** Prompts of one tenant alone may begin with what an earlier one computed. */
  readonly tenant: string;
  /**
   * Tokens that may be guessed from its own text in a round, and verified together; 0: none. More tokens a second where
   * it repeats itself, but exact only up to rounding. The batcher's default when left out.
   */
  readonly draftTokens?: number;
  /** Text that ends the sequence and is not part of the output. */
  readonly stopStrings: readonly string[];
  /** Aborting it ends the sequence: its row is free at the next step. */
  readonly signal?: AbortSignal;
}

/** `cancelled`: the caller went away. A failure is thrown by the iterator instead. */
export type FinishReason = 'stop' | 'length' | 'cancelled';

export interface Delta {
  /** New text; never a part of a character, never a part of a stop string. May be empty. */
  readonly text: string;
  /** Set on the last delta. */
  readonly finish: FinishReason | null;
}

/** Milliseconds, by the batcher's monotonic clock. */
export interface GenerationTimings {
  readonly queueMs: number;
  readonly prefillMs: number;
  readonly decodeMs: number;
}

/**
 * One running generation. Iterating yields deltas and ends after the one with a finish reason; unread deltas are
 * merged, so a slow reader holds at most its own text. Leaving the loop early ends the sequence.
 */
export interface Generation extends AsyncIterable<Delta> {
  readonly promptTokens: number;
  /** Tokens of the prompt that an earlier one had computed; 0 until it is its turn. */
  readonly reusedTokens: number;
  /** Tokens sampled so far, a final end token included. */
  readonly completionTokens: number;
  /** Natural logarithm of the probability of these tokens together, where the sampling asks for it; else 0. */
  readonly logProbability: number;
  readonly timings: GenerationTimings;
  /** Ends the sequence as `cancelled`; does nothing once it has finished. */
  cancel(): void;
}

/** The batcher as the server sees it. */
export interface Generator {
  /** Throws what `submit` would throw now for any prompt: to be asked before work is spent on one. */
  checkOpen(): void;
  /** Throws `queue_full` (with nothing kept) or `draining`. */
  submit(request: GenerationRequest): Generation;
  /** Seconds until the queue will have room again, from how fast it drains; for `Retry-After`. */
  retryAfterSeconds(): number;
}
