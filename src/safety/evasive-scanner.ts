/** Finds terms that are disguised: look-alike letters, digits for letters, letters apart or repeated. */
import type { FoldedCharacter } from './characters.js';
import { begun, continued, type Disguise, keyOf } from './disguise.js';
import { isGap } from './evasive-term.js';
import { Normalizer, wordBoundary } from './normalizer.js';
import type { Report, Scanner } from './scanner.js';
import type { TermTrie } from './term-trie.js';

/** Like letters in a row, gaps between them aside, beyond which what has begun counts as a match. */
export const longestRun = 64;

/** Read as letters inside a word only: "k!ll", but not "Pay the tax!" for taxi, nor the bars of a table. */
const innerSigns: readonly number[] = [0x21, 0x7c];

const none: readonly Disguise[] = [];

/**
 * It follows every way of reading the text as a term that has begun; of those with the same future only the one that
 * began first, so the work for one character is bounded by the size of the terms. A match is reported when the
 * character after it is known.
 */
export class EvasiveScanner implements Scanner {
  readonly #trie: TermTrie;
  readonly #report: Report;
  readonly #normalizer: Normalizer;
  /** In order of their start. */
  #begun: readonly Disguise[] = none;
  /** By their keys, in order of their start: those that the character in hand leads to. */
  readonly #next = new Map<number, Disguise>();
  /** A word may begin or end between the last character and the next. */
  #isBoundary = false;
  #last: FoldedCharacter | null = null;
  /** Is the last character, marks aside, one that joins words? */
  #lastJoins = false;
  #lastEnd = 0;
  /** The run of like letters: its length, and what all of them can be read as. */
  #run = 0;
  #runReadings: readonly number[] = [];
  #steps = 0;

  constructor(trie: TermTrie, report: Report) {
    this.#trie = trie;
    this.#report = report;
    this.#normalizer = new Normalizer((character, start, end) => this.#receive(character, start, end));
  }

  get steps(): number {
    return this.#steps;
  }

  get liveFrom(): number {
    return this.#begun[0]?.start ?? Number.POSITIVE_INFINITY;
  }

  read(code: number, start: number, end: number): void {
    this.#normalizer.read(code, start, end);
  }

  end(at: number): void {
    this.#normalizer.end(at);
    this.#complete(null);
    this.#begun = none;
  }

  #receive(character: FoldedCharacter, start: number, end: number): void {
    if (character.code === wordBoundary) {
      this.#isBoundary = true;
      return;
    }
    if (this.#begun.length > 0) this.#complete(character);
    this.#next.clear();
    for (const disguise of this.#begun) {
      for (const longer of continued(disguise, character)) this.#keep(longer);
    }
    if (this.#runsOver(character)) {
      this.#close(end);
      this.#next.clear();
      this.#begin(character, { start, isWord: true });
    } else {
      const isStandIn = character.kind === 'sign' && this.#lastJoins;
      this.#begin(character, { start, isWord: this.#isBoundary && !isStandIn });
    }
    this.#begun = this.#next.size === 0 ? none : [...this.#next.values()];
    this.#isBoundary = false;
    this.#last = character;
    if (character.kind !== 'mark' && character.kind !== 'jamo') this.#lastJoins = character.kind === 'joining';
    this.#lastEnd = end;
  }

  #begin(character: FoldedCharacter, at: { start: number; isWord: boolean }): void {
    this.#steps += 1;
    if (!at.isWord && this.#trie.root.rules.anywhere.size === 0) return;
    if (innerSigns.includes(character.code)) return;
    for (const disguise of begun(this.#trie.root, character, at)) this.#keep(disguise);
  }

  #keep(disguise: Disguise): void {
    this.#steps += 1;
    const key = keyOf(disguise);
    if (!this.#next.has(key)) this.#next.set(key, disguise);
  }

  /** Reports the terms that ended with the last character, now that the next is known; `null` is the end. */
  #complete(next: FoldedCharacter | null): void {
    const last = this.#last;
    if (last === null || innerSigns.includes(last.code)) return;
    // A sign that stands for a letter is a part of the word: "as$" does not end in "as$et".
    const isWordEnd = this.#isBoundary && !(last.kind === 'sign' && next?.kind === 'joining');
    for (const { node, start, isWord, hasLetter, gap } of this.#begun) {
      if (gap > 0 || !hasLetter) continue;
      for (const { rule, word } of node.terms) {
        if (!word || (isWord && isWordEnd)) this.#report(rule, start, this.#lastEnd);
      }
    }
  }

  /** Is this one like letter too many? Then a new run begins with it. */
  #runsOver(character: FoldedCharacter): boolean {
    const isAttached = character.kind === 'mark' || character.kind === 'jamo';
    if (isAttached || (isGap(character) && character.readings.length === 1)) return false;
    const all = character.readings;
    const shared = common(this.#runReadings, all);
    const isOver = shared.length > 0 && this.#run === longestRun;
    this.#run = shared.length === 0 || isOver ? 1 : this.#run + 1;
    this.#runReadings = this.#run === 1 ? all : shared;
    return isOver;
  }

  /** Fails closed: who repeats a letter that often hides something, so the beginning of a term counts as the term. */
  #close(end: number): void {
    for (const { node, start, isWord, hasLetter, gap } of this.#next.values()) {
      if (node.depth < 2 || gap > 0 || !hasLetter) continue;
      for (const rule of node.rules.anywhere) this.#report(rule, start, end);
      if (isWord) for (const rule of node.rules.word) this.#report(rule, start, end);
    }
  }
}

const nothing: readonly number[] = [];

/** What is in both; the lists mostly hold one reading. */
function common(one: readonly number[], other: readonly number[]): readonly number[] {
  if (one.length === 1) return other.includes(one[0]!) ? one : nothing;
  return one.filter((reading) => other.includes(reading));
}
