/** Turns a text, code point by code point, into the normal form in which terms are matched, with its offsets. */
import { type CharacterKind, type FoldedCharacter, foldedCharacters } from './characters.js';

/** Stands between two characters of the normal form where a word begins or ends; no code point has this value. */
export const wordBoundary = 0x110000;

const boundary: FoldedCharacter = { code: wordBoundary, kind: 'other', readings: [wordBoundary], leet: false };
const oneSpace: FoldedCharacter = { code: 0x20, kind: 'space', readings: [0x20], leet: false };

/** Longest run of marks that is put into canonical order as a whole (UAX #15, Stream-Safe Text Format). */
const longestMarkRun = 30;

/** Takes one character of the normal form; `[start, end)` are the code units of the original text it comes from. */
export type Receive = (character: FoldedCharacter, start: number, end: number) => void;

/**
 * The normal form: ignorable characters gone, compatibility decomposition, case folding, marks in canonical order,
 * a run of white space is one space, and `wordBoundary` between any two characters that do not join into a word, at
 * the start and at the end. A boundary carries the start of the character after it and the end of the one before.
 */
export class Normalizer {
  readonly #receive: Receive;
  readonly #marks: number[] = [];
  #marksStart = 0;
  #marksEnd = 0;
  #previous: CharacterKind = 'other';
  #previousEnd = 0;

  constructor(receive: Receive) {
    this.#receive = receive;
  }

  /** Takes one code point, at the code units `[start, end)` of the original text. */
  read(code: number, start: number, end: number): void {
    for (const folded of foldedCharacters(code)) this.#take(folded, start, end);
  }

  /** The text ends at this offset. */
  end(at: number): void {
    this.#orderMarks();
    this.#receive(boundary, at, this.#previousEnd);
  }

  #take(character: FoldedCharacter, start: number, end: number): void {
    const { kind } = character;
    if (kind === 'mark') {
      if (this.#marks.length === 0) this.#marksStart = start;
      this.#marks.push(character.code);
      this.#marksEnd = end;
      if (this.#marks.length === longestMarkRun) this.#orderMarks();
      return;
    }
    this.#orderMarks();
    if (kind === 'space' && this.#previous === 'space') return;
    if (kind !== 'jamo') {
      if (kind !== 'joining' || this.#previous !== 'joining') this.#receive(boundary, start, this.#previousEnd);
      this.#previous = kind;
    }
    this.#receive(kind === 'space' ? oneSpace : character, start, end);
    this.#previousEnd = end;
  }

  /** Which order marks come in is only known at the end of their run; each then stands for the whole run. */
  #orderMarks(): void {
    if (this.#marks.length === 0) return;
    const ordered = String.fromCodePoint(...this.#marks).normalize('NFKD');
    for (const mark of ordered) {
      for (const folded of foldedCharacters(mark.codePointAt(0) ?? 0)) {
        this.#receive(folded, this.#marksStart, this.#marksEnd);
      }
    }
    this.#marks.length = 0;
    this.#previousEnd = this.#marksEnd;
  }
}

/** The characters of the normal form of a short text, boundaries among them. */
export function normalForm(text: string): readonly FoldedCharacter[] {
  const characters: FoldedCharacter[] = [];
  const normalizer = new Normalizer((character) => characters.push(character));
  for (const character of text) normalizer.read(character.codePointAt(0) ?? 0, 0, 0);
  normalizer.end(0);
  return characters;
}

/**
 * The normal form of a term: without spaces around it, with its inner boundaries, and with boundaries at both ends
 * where it must stand as a word. Empty when nothing visible is left.
 */
export function normalTerm(term: string, word: boolean): readonly number[] {
  const codes = normalForm(term).map(({ code }) => code);
  const isEdge = (code: number) => code === wordBoundary || code === 0x20;
  const first = codes.findIndex((code) => !isEdge(code));
  if (first < 0) return [];
  const inner = codes.slice(first, codes.findLastIndex((code) => !isEdge(code)) + 1);
  return word ? [wordBoundary, ...inner, wordBoundary] : inner;
}
