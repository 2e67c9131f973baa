/** The messages between the batcher and an encoder's worker thread: token ids in, one row of numbers for each text out. */

/** Several texts, all padded to one length. */
export interface EncodeStep {
  /** Token ids of each text: at least one, `length` at most. */
  readonly texts: readonly (readonly number[])[];
  readonly length: number;
}

export interface EncodeResult {
  /** `[texts, width]`, in the order of the texts; `[texts, length, width]` where the output has a row for each token. */
  readonly values: Float32Array;
  /** Milliseconds in the model. */
  readonly modelMs: number;
}

/** What runs the steps of one encoder: a worker thread with a model, or a fake of it in tests. */
export interface EncoderEngine {
  /** Texts of one step at most. */
  readonly rows: number;
  /** Tokens of a text at most: the context length. */
  readonly capacity: number;
  /** Numbers in the row of a text: dimensions of a vector, or labels. */
  readonly width: number;
  /**
   * Runs one step. Steps must not overlap. Rejects with `engine_failed` when the worker is lost and with
   * `device_lost` or `internal_error` when the run fails; then `recover` comes before the next step.
   */
  step(step: EncodeStep): Promise<EncodeResult>;
  /** After a failed step: resolves when the engine works again. Rejects when it does not. */
  recover(): Promise<void>;
  close(): Promise<void>;
}
