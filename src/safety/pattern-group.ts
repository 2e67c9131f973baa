/** Runs patterns side by side over one text: those that have not begun cost nothing until they may. */
import { Past } from './past.js';
import type { Pattern } from './pattern.js';
import type { Scanner } from './scanner.js';

/** The Basic Multilingual Plane: of its code points the answer is kept, so that no text can make it grow further. */
const keptCodes = 0x10000;

/** Which of a list of patterns may begin with a code point; immutable, shared by all texts. */
export class Beginners {
  readonly #patterns: readonly Pattern[];
  readonly #known: (readonly number[] | undefined)[] = new Array(keptCodes);

  constructor(patterns: readonly Pattern[]) {
    this.#patterns = patterns;
  }

  /** Indices of the patterns, in order. */
  of(code: number): readonly number[] {
    const found = this.#known[code];
    if (found !== undefined) return found;
    const beginners = this.#find(code);
    if (code < keptCodes) this.#known[code] = beginners;
    return beginners;
  }

  #find(code: number): number[] {
    return this.#patterns.flatMap((pattern, index) => (pattern.mayBeginWith(code) ? [index] : []));
  }
}

/** The scanners of the patterns of `beginners`, in the same order; they look at the past that the group keeps. */
export class PatternGroup implements Scanner {
  readonly #beginners: Beginners;
  readonly #scanners: readonly Scanner[];
  readonly #past: Past;
  /** Indices of the scanners in which a match has begun. */
  #begun: number[] = [];
  #next: number[] = [];
  #steps = 0;

  constructor(beginners: Beginners, makeScanners: (past: Past) => readonly Scanner[]) {
    this.#beginners = beginners;
    this.#past = new Past();
    this.#scanners = makeScanners(this.#past);
  }

  get liveFrom(): number {
    let from = Number.POSITIVE_INFINITY;
    for (const index of this.#begun) from = Math.min(from, this.#scanners[index]!.liveFrom);
    return from;
  }

  get steps(): number {
    return this.#scanners.reduce((sum, { steps }) => sum + steps, this.#steps);
  }

  read(code: number, start: number, end: number): void {
    this.#steps += 1;
    const begun = this.#begun;
    const next = this.#next;
    next.length = 0;
    for (const index of begun) this.#read(index, { code, start, end });
    for (const index of this.#beginners.of(code)) {
      if (!begun.includes(index)) this.#read(index, { code, start, end });
    }
    this.#begun = next;
    this.#next = begun;
    this.#past.add(code);
  }

  end(at: number): void {
    for (const index of this.#begun) this.#scanners[index]!.end(at);
    this.#begun = [];
  }

  #read(index: number, { code, start, end }: { code: number; start: number; end: number }): void {
    const scanner = this.#scanners[index]!;
    scanner.read(code, start, end);
    if (scanner.liveFrom !== Number.POSITIVE_INFINITY) this.#next.push(index);
  }
}
