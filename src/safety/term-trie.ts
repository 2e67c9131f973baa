/** The terms that may be disguised, as a tree of their letters: what a scanner walks, one letter at a time. */
import { type EvasiveLetter, lettersFor } from './evasive-term.js';

export interface EvasiveTerm {
  readonly letters: readonly EvasiveLetter[];
  /** It must stand as a word. */
  readonly word: boolean;
  readonly rule: number;
}

/** A place in one or more terms, after one of their letters. */
export interface TrieNode extends EvasiveLetter {
  readonly id: number;
  /** Letters of the terms up to here; 0 at the root. */
  readonly depth: number;
  /** Readings that stand for the letter of this node. */
  readonly stands: ReadonlySet<number>;
  /** The nodes of the next letter, by each of the readings that stand for it. */
  readonly next: Map<number, TrieNode[]>;
  /** Terms that end here. */
  readonly terms: EvasiveTerm[];
  /** Rules of all terms that end here or further on: those of whole words, and those found inside words too. */
  readonly rules: { readonly word: Set<number>; readonly anywhere: Set<number> };
}

/** It is immutable once made: scanners share it. */
export class TermTrie {
  readonly root: TrieNode;
  #size = 0;

  constructor(terms: readonly EvasiveTerm[]) {
    this.root = this.#node({ code: 0, beginsWord: false, isAttached: false }, 0, new Set());
    for (const term of terms) this.#add(term);
  }

  get isEmpty(): boolean {
    return this.root.next.size === 0;
  }

  #add(term: EvasiveTerm): void {
    let node = this.root;
    this.#mark(node, term);
    for (const letter of term.letters) {
      node = this.#child(node, letter);
      this.#mark(node, term);
    }
    node.terms.push(term);
  }

  #mark({ rules }: TrieNode, { word, rule }: EvasiveTerm): void {
    (word ? rules.word : rules.anywhere).add(rule);
  }

  #child(node: TrieNode, letter: EvasiveLetter): TrieNode {
    const isSame = (child: TrieNode) => child.code === letter.code && child.beginsWord === letter.beginsWord;
    const found = node.next.get(letter.code)?.find(isSame);
    if (found !== undefined) return found;
    const child = this.#node(letter, node.depth + 1, lettersFor(letter.code));
    for (const reading of child.stands) node.next.set(reading, [...(node.next.get(reading) ?? []), child]);
    return child;
  }

  #node(letter: EvasiveLetter, depth: number, stands: ReadonlySet<number>): TrieNode {
    this.#size += 1;
    const rules = { word: new Set<number>(), anywhere: new Set<number>() };
    return { ...letter, id: this.#size, depth, stands, next: new Map(), terms: [], rules };
  }
}
