/** Finds one kind of personal data: candidates by a pattern, of which the real ones are reported. */
import type { Entity } from './entities.js';
import { outside, type Past } from './past.js';
import { PatternScanner } from './pattern-scanner.js';
import type { Report, Scanner } from './scanner.js';

/** Characters that are kept before those that no open candidate needs are dropped. */
const mostKept = 4096;

interface EntityScannerSettings {
  readonly rule: number;
  readonly report: Report;
  readonly past: Past;
}

/** Every start of a candidate is followed, because one that began earlier may be no real one. */
export class EntityScanner implements Scanner {
  readonly #candidates: PatternScanner;
  /** What was read since two characters before the first open candidate, and where each character starts. */
  #read = '';
  readonly #starts: number[] = [];
  readonly #past: Past;

  constructor(entity: Entity, { rule, report, past }: EntityScannerSettings) {
    this.#past = past;
    const check: Report = (_, start, end) => {
      const [candidate, before] = this.#candidate(start, end);
      if (entity.isReal(candidate, before)) report(rule, start, end);
    };
    this.#candidates = new PatternScanner(entity.pattern, { rule, report: check, past, everyStart: true });
  }

  get liveFrom(): number {
    return this.#candidates.liveFrom;
  }

  get steps(): number {
    return this.#candidates.steps;
  }

  read(code: number, start: number): void {
    this.#candidates.read(code, start);
    if (this.liveFrom !== Number.POSITIVE_INFINITY) this.#keep(code, start);
    else if (this.#read !== '') this.#forget();
  }

  end(at: number): void {
    this.#candidates.end(at);
    this.#forget();
  }

  #keep(code: number, start: number): void {
    if (this.#read === '') {
      this.#append(this.#past.lastButOne, -1);
      this.#append(this.#past.last, -1);
    }
    this.#append(code, start);
    if (this.#starts.length > mostKept) this.#drop();
  }

  #drop(): void {
    const from = Math.max(0, this.#starts.indexOf(this.liveFrom) - 2);
    this.#read = this.#read.slice(from);
    this.#starts.splice(0, from);
  }

  #append(code: number, start: number): void {
    if (code === outside) return;
    this.#read += String.fromCodePoint(code);
    for (let unit = 0; unit < (code > 0xffff ? 2 : 1); unit++) this.#starts.push(start);
  }

  #forget(): void {
    this.#read = '';
    this.#starts.length = 0;
  }

  /** The candidate, and the two characters before it. */
  #candidate(start: number, end: number): [candidate: string, before: string] {
    const first = this.#starts.indexOf(start);
    const after = this.#starts.findIndex((offset) => offset >= end);
    const candidate = this.#read.slice(first, after < 0 ? undefined : after);
    return [candidate, this.#read.slice(Math.max(0, first - 2), first)];
  }
}
