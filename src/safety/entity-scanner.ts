/** Finds one kind of personal data: candidates by a pattern, of which the real ones are reported. */
import type { Entity } from './entities.js';
import { PatternScanner } from './pattern-scanner.js';
import type { Report, Scanner } from './scanner.js';

/** No character: the text has not begun. */
const outside = -1;

/** Not seen, so not a part of what is written: zero-width, bidi controls, variation selectors, tags. */
const invisible = /^\p{Default_Ignorable_Code_Point}$/u;

/**
 * It reads past characters that cannot be seen, and full-width ones as their plain form. Every start of a candidate is
 * followed, because one that began earlier may be no real one.
 */
export class EntityScanner implements Scanner {
  readonly #candidates: PatternScanner;
  /** What was read since two characters before the first open candidate, and where each character starts. */
  #read = '';
  readonly #starts: number[] = [];
  /** The last two characters. */
  #last = outside;
  #lastButOne = outside;

  constructor(entity: Entity, rule: number, report: Report) {
    const check: Report = (_, start, end) => {
      const [candidate, before] = this.#candidate(start, end);
      if (entity.isReal(candidate, before)) report(rule, start, end);
    };
    this.#candidates = new PatternScanner(entity.pattern, { rule, report: check, everyStart: true });
  }

  get liveFrom(): number {
    return this.#candidates.liveFrom;
  }

  get steps(): number {
    return this.#candidates.steps;
  }

  read(code: number, start: number): void {
    const plain = code < 0x80 ? code : plainForm(code);
    if (plain === null) return;
    this.#candidates.read(plain, start);
    if (this.liveFrom !== Number.POSITIVE_INFINITY) this.#keep(plain, start);
    else if (this.#read !== '') this.#forget();
    this.#lastButOne = this.#last;
    this.#last = plain;
  }

  end(at: number): void {
    this.#candidates.end(at);
    this.#forget();
  }

  #keep(code: number, start: number): void {
    if (this.#read === '') {
      this.#append(this.#lastButOne, start);
      this.#append(this.#last, start);
      this.#starts.fill(-1);
    }
    this.#append(code, start);
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

/** Plain forms found already, of the Basic Multilingual Plane alone, so that no text can make it grow further. */
const known: (number | null | undefined)[] = new Array(0x10000);

/** The compatibility form where it is one character, and `null` where the character cannot be seen. */
function plainForm(code: number): number | null {
  const found = known[code];
  if (found !== undefined) return found;
  const plain = compatible(code);
  if (code < known.length) known[code] = plain;
  return plain;
}

function compatible(code: number): number | null {
  const character = String.fromCodePoint(code);
  if (invisible.test(character)) return null;
  const plain = character.normalize('NFKC');
  const first = plain.codePointAt(0) ?? code;
  return plain.length === (first > 0xffff ? 2 : 1) ? first : code;
}
