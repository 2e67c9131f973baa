/** Where the numbers of a model come from: a checkpoint on disk, or a generator of random ones. */

export interface Weights {
  /**
   * Says that the model needs this tensor in this shape. Called for every tensor before anything is read or written.
   * Throws `invalid_model` with the tensor's name when it is missing or has another shape.
   */
  expect(name: string, shape: readonly number[]): void;
  /** Whether there is such a tensor; for what checkpoints of one architecture name differently. */
  has(name: string): boolean;
  /** Values `start … start + count - 1` of the flattened tensor. Throws `invalid_model` when one is not finite. */
  read(name: string, start: number, count: number): Promise<Float32Array>;
  close(): Promise<void>;
}
