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
  /** Where a letter with something attached begins that is written once more: from its end here on, back to it. */
  readonly again: TrieNode | null;
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
    this.root = this.#node(rootLetter, { depth: 0, stands: new Set() });
    for (const term of terms) this.#add(term);
  }

  get isEmpty(): boolean {
    return this.root.next.size === 0;
  }

  #add(term: EvasiveTerm): void {
    let node = this.root;
    let cluster: EvasiveLetter[] = [];
    this.#mark(node, term);
    for (const letter of term.letters) {
      cluster = letter.isAttached ? [...cluster, letter] : [letter];
      node = this.#child(node, cluster);
      this.#mark(node, term);
      for (let again = node.again; again !== null && again !== node; again = onlyChild(again)) this.#mark(again, term);
    }
    node.terms.push(term);
  }

  #mark({ rules }: TrieNode, { word, rule }: EvasiveTerm): void {
    (word ? rules.word : rules.anywhere).add(rule);
  }

  /** The node of the last letter of the cluster: a letter and what is attached to it so far. */
  #child(node: TrieNode, cluster: readonly EvasiveLetter[]): TrieNode {
    const letter = cluster.at(-1)!;
    const found = node.next.get(letter.code)?.find((child) => isSame(child, letter));
    if (found !== undefined) return found;
    const depth = node.depth + 1;
    const repeats = letter.isAttached && letter.isWhole ? cluster.slice(0, -1) : [];
    const again = repeats.map((one) => this.#node({ ...one, beginsWord: false }, { depth }));
    const child = this.#node(letter, { depth, again: again[0] ?? null });
    link(node, child);
    for (const [at, one] of again.entries()) link(one, again[at + 1] ?? child);
    return child;
  }

  #node(letter: EvasiveLetter, place: Pick<TrieNode, 'depth'> & Partial<TrieNode>): TrieNode {
    this.#size += 1;
    const rules = { word: new Set<number>(), anywhere: new Set<number>() };
    const own = { id: this.#size, again: null, stands: lettersFor(letter.code), next: new Map(), terms: [], rules };
    return { ...letter, ...own, ...place };
  }
}

const rootLetter: EvasiveLetter = { code: 0, beginsWord: false, isAttached: false, isWhole: true };

function isSame(one: EvasiveLetter, other: EvasiveLetter): boolean {
  return one.code === other.code && one.beginsWord === other.beginsWord && one.isWhole === other.isWhole;
}

function link(node: TrieNode, child: TrieNode): void {
  for (const reading of child.stands) node.next.set(reading, [...(node.next.get(reading) ?? []), child]);
}

function onlyChild(node: TrieNode): TrieNode | null {
  for (const [child] of node.next.values()) return child ?? null;
  return null;
}
