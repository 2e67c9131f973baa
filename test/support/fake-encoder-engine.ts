/** An encoder engine without a model: holds every step to the protocol; a text's row follows from its ids and its padding. */
import { OctavoError } from '#octavo/errors.js';
import type { EncodeResult, EncoderEngine, EncodeStep } from '#octavo/models/encoder/encode-step.js';

/** The row of `ids` padded to `length`. */
export function rowOf(ids: readonly number[], length: number): number[] {
  return [ids.reduce((hash, id) => (hash * 31 + id + 7) % 65_521, 1), length];
}

export class FakeEncoderEngine implements EncoderEngine {
  readonly rows: number;
  readonly capacity: number;
  readonly width = 2;
  readonly steps: EncodeStep[] = [];
  /** Sentences of the protocol that did not hold; a test expects none. */
  readonly violations: string[] = [];
  /** What happens while a step runs. */
  during: (step: EncodeStep) => Promise<void> = async () => {};
  /** The step that runs fails with this. */
  failure: Error | null = null;
  /** What happens while the engine is started again; a throw: it cannot be. */
  restart: () => Promise<void> = async () => {};
  restarts = 0;
  #busy = false;
  #lost = false;

  constructor({ rows = 8, capacity = 256 }: { readonly rows?: number; readonly capacity?: number } = {}) {
    this.rows = rows;
    this.capacity = capacity;
  }

  async step(step: EncodeStep): Promise<EncodeResult> {
    this.#check(!this.#busy, 'steps do not overlap');
    this.#check(!this.#lost, 'a lost engine is restarted before its next step');
    this.#check(step.texts.length > 0 && step.texts.length <= this.rows, 'a step has texts, no more than rows');
    this.#check(step.length <= this.capacity, 'no text is padded beyond the capacity');
    const fits = ({ length }: readonly number[]) => length > 0 && length <= step.length;
    this.#check(step.texts.every(fits), 'every text fits the length of its step');
    this.#busy = true;
    this.steps.push(step);
    try {
      await this.during(step);
      if (this.failure !== null) throw this.failure;
      return { values: Float32Array.from(step.texts.flatMap((ids) => rowOf(ids, step.length))), modelMs: 1 };
    } catch (error) {
      this.#lost = true;
      throw error;
    } finally {
      this.#busy = false;
    }
  }

  async recover(): Promise<void> {
    this.#check(!this.#busy, 'an engine is not restarted within a step');
    await this.restart();
    this.restarts++;
    this.failure = null;
    this.#lost = false;
  }

  async close(): Promise<void> {}

  #check(condition: boolean, sentence: string): void {
    if (condition) return;
    this.violations.push(`${sentence} (step ${this.steps.length})`);
    throw new OctavoError('internal_error', `Protocol broken: ${sentence}.`);
  }
}
