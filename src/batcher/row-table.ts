/**
 * Which sequence is in which row of the KV arena. Rows that decode come first, without a hole; behind them at most one
 * row whose prompt is still being computed in chunks.
 */
import { invariant } from '../errors.js';
import type { RowMove } from '../models/decoder/step.js';
import type { Sequence } from './sequence.js';

export class RowTable {
  readonly capacity: number;
  readonly #decoding: Sequence[] = [];
  #chunked: Sequence | null = null;

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  get decoding(): readonly Sequence[] {
    return this.#decoding;
  }

  /** The sequence whose prompt is being computed in chunks, in the row after the decoding ones. */
  get chunked(): Sequence | null {
    return this.#chunked;
  }

  get all(): readonly Sequence[] {
    return this.#chunked === null ? this.#decoding : [...this.#decoding, this.#chunked];
  }

  get free(): number {
    return this.capacity - this.all.length;
  }

  /** Puts the sequences of a prefill step into the rows after the decoding ones, in order. */
  place(sequences: readonly Sequence[]): void {
    invariant(this.#chunked === null, 'no prompt begins while another is computed in chunks');
    for (const sequence of sequences) {
      if (sequence.prefilled < sequence.promptTokens) this.#chunked = sequence;
      else this.#decoding.push(sequence);
    }
    invariant(this.free >= 0, 'no more sequences than rows');
  }

  /** Takes out the sequence that is computed in chunks; `place` puts it back, decoding if its prompt is complete. */
  takeChunked(): Sequence {
    invariant(this.#chunked !== null, 'a prompt is being computed in chunks');
    const sequence = this.#chunked;
    this.#chunked = null;
    return sequence;
  }

  /** Drops finished sequences; the moves close their holes, to be done in order before the next step. */
  release(): RowMove[] {
    const chunkedRow = this.#decoding.length;
    const moves = this.#closeHoles();
    if (this.#chunked?.finished) this.#chunked = null;
    if (this.#chunked !== null && chunkedRow !== this.#decoding.length) {
      moves.push({ from: chunkedRow, to: this.#decoding.length });
    }
    return moves;
  }

  clear(): void {
    this.#decoding.length = 0;
    this.#chunked = null;
  }
  /** The last row goes into the first hole, and so on: no row moves twice, for each move copies its whole cache. */
  #closeHoles(): RowMove[] {
    const moves: RowMove[] = [];
    for (let row = 0; row < this.#decoding.length; row++) {
      while (this.#decoding.at(-1)?.finished) this.#decoding.pop();
      if (!this.#decoding[row]?.finished) continue;
      const last = this.#decoding.pop();
      invariant(last !== undefined, 'behind a hole is a row');
      this.#decoding[row] = last;
      moves.push({ from: this.#decoding.length, to: row });
    }
    return moves;
  }
}
