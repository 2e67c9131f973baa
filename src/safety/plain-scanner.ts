/** Lets scanners read a text as it looks: past characters that cannot be seen, and full-width ones in their plain form. */
import type { Scanner } from './scanner.js';

/** Zero-width, bidi controls, variation selectors, tags. */
const invisible = /^\p{Default_Ignorable_Code_Point}$/u;

export class PlainScanner implements Scanner {
  readonly #scanner: Scanner;

  constructor(scanner: Scanner) {
    this.#scanner = scanner;
  }

  get liveFrom(): number {
    return this.#scanner.liveFrom;
  }

  get steps(): number {
    return this.#scanner.steps;
  }

  read(code: number, start: number, end: number): void {
    const plain = code < 0x80 ? code : plainForm(code);
    if (plain !== null) this.#scanner.read(plain, start, end);
  }

  end(at: number): void {
    this.#scanner.end(at);
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
