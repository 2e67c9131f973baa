/**
 * Which sequence is in which row of the KV arena. Rows that decode come first, without a hole; the last row has the
 * prompt that is being computed in chunks, if there is one.
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

  /** The sequence whose prompt is being computed in chunks, in the last row; complete until the next `release`. */
  get chunked(): Sequence | null {
    return this.#chunked;
  }

  get all(): readonly Sequence[] {
    return this.#chunked === null ? this.#decoding : [...this.#decoding, this.#chunked];
  }

  get free(): number {
    return this.capacity - this.all.length;
  }

  /**
   * Gives the sequences of a prefill step rows, in order, after their chunks were taken; returns the first row. A prompt
   * in chunks has the last row of all, so that nothing that comes or leaves beside it copies its cache.
   */
  place(sequences: readonly Sequence[]): number {
    const [first] = sequences;
    invariant(first !== undefined, 'a prefill has sequences');
    if (first === this.#chunked) return this.capacity - 1;
    const firstRow = this.#decoding.length;
    if (first.prefilled < first.promptTokens) this.#chunk(sequences);
    else this.#decoding.push(...sequences);
    invariant(this.free >= 0, 'no more sequences than rows');
    return this.#chunked === first ? this.capacity - 1 : firstRow;
  }

  /**
   * Drops finished sequences, and lets a prompt that is complete decode; the moves close the holes, to be done in order
   * before the next step.
   */
  release(): RowMove[] {
    const moves = this.#closeHoles();
    const sequence = this.#chunked;
    if (sequence === null) return moves;
    const complete = sequence.prefilled === sequence.promptTokens;
    if (complete && !sequence.finished) {
      const [from, to] = [this.capacity - 1, this.#decoding.length];
      if (from !== to) moves.push({ from, to });
      this.#decoding.push(sequence);
    }
    if (complete || sequence.finished) this.#chunked = null;
    return moves;
  }

  /** Frees every row. The sequences that were in them. */
  clear(): readonly Sequence[] {
    const cleared = [...this.all];
    this.#decoding.length = 0;
    this.#chunked = null;
    return cleared;
  }

  #chunk([sequence, ...others]: readonly Sequence[]): void {
    invariant(this.#chunked === null, 'no prompt begins while another is computed in chunks');
    invariant(sequence !== undefined && others.length === 0, 'a prompt in chunks comes alone');
    this.#chunked = sequence;
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
