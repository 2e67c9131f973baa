/** Finds the exact terms of all rules in a text, in one pass over its normal form. */
import { Normalizer } from './normalizer.js';
import type { Report, Scanner } from './scanner.js';
import type { TermAutomaton } from './term-automaton.js';

export class TermScanner implements Scanner {
  readonly #automaton: TermAutomaton;
  readonly #report: Report;
  readonly #normalizer: Normalizer;
  /** Original start of each of the last characters of the normal form: [longest term], a ring. */
  readonly #starts: Float64Array;
  #read = 0;
  #state = 0;
  #steps = 0;

  constructor(automaton: TermAutomaton, report: Report) {
    this.#automaton = automaton;
    this.#report = report;
    this.#starts = new Float64Array(Math.max(1, automaton.longest));
    this.#normalizer = new Normalizer(({ code }, start, end) => this.#advance(code, start, end));
  }

  get steps(): number {
    return this.#steps;
  }

  // Marks that the normalizer still orders need no hold of their own: no term begins with a mark.
  get liveFrom(): number {
    const depth = this.#automaton.liveDepth(this.#state);
    return depth === 0 ? Number.POSITIVE_INFINITY : this.#startOfLast(depth);
  }

  read(code: number, start: number, end: number): void {
    this.#normalizer.read(code, start, end);
  }

  end(at: number): void {
    this.#normalizer.end(at);
    this.#state = 0;
  }

  #advance(code: number, start: number, end: number): void {
    this.#starts[this.#read % this.#starts.length] = start;
    this.#read += 1;
    let next = this.#automaton.child(this.#state, code);
    this.#steps += 1;
    while (next === null && this.#state !== 0) {
      this.#state = this.#automaton.failure(this.#state);
      next = this.#automaton.child(this.#state, code);
      this.#steps += 1;
    }
    this.#state = next ?? 0;
    for (const term of this.#automaton.ending(this.#state)) {
      this.#steps += 1;
      this.#report(term.rule, this.#startOfLast(term.codes.length), end);
    }
  }

  /** Original offset at which the last `count` characters of the normal form begin. */
  #startOfLast(count: number): number {
    return this.#starts[(this.#read - count) % this.#starts.length]!;
  }
}
