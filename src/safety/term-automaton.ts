/** An Aho-Corasick automaton over the normal form of terms (Aho and Corasick, CACM 18(6), 1975). */

/** A term in normal form, and the index of its rule. */
export interface Term {
  readonly codes: readonly number[];
  readonly rule: number;
}

/** States are integers; 0 is the root, where no term has begun. It is immutable: scanners share it. */
export class TermAutomaton {
  /** The longest term, in characters of the normal form. */
  readonly longest: number;
  readonly #children: Map<number, number>[] = [];
  readonly #depth: number[] = [];
  readonly #failure: number[] = [];
  /** Terms that end in this state itself. */
  readonly #terms: Term[][] = [];
  /** The next shorter suffix that ends a term, or 0. */
  readonly #shorter: number[] = [];
  readonly #liveDepth: number[] = [];

  constructor(terms: readonly Term[]) {
    this.#addState(0);
    let longest = 0;
    for (const term of terms) {
      this.#terms[this.#path(term.codes)]!.push(term);
      longest = Math.max(longest, term.codes.length);
    }
    this.longest = longest;
    this.#link();
  }

  /** The state after `code`, or `null` where no term goes on with it; then `failure(state)` may. */
  child(state: number, code: number): number | null {
    return this.#children[state]!.get(code) ?? null;
  }

  /** The state of the longest proper suffix that is the beginning of a term. */
  failure(state: number): number {
    return this.#failure[state]!;
  }

  /** Length of the longest suffix read that can still grow into a term. */
  liveDepth(state: number): number {
    return this.#liveDepth[state]!;
  }

  /** The terms that end in this state. */
  *ending(state: number): Iterable<Term> {
    for (let at = state; at !== 0; at = this.#shorter[at]!) yield* this.#terms[at]!;
  }

  #addState(depth: number): number {
    this.#children.push(new Map());
    this.#depth.push(depth);
    this.#terms.push([]);
    return this.#children.length - 1;
  }

  #path(codes: readonly number[]): number {
    let state = 0;
    for (const code of codes) {
      const children = this.#children[state]!;
      const next = children.get(code) ?? this.#addState(this.#depth[state]! + 1);
      children.set(code, next);
      state = next;
    }
    return state;
  }

  /** Breadth first, so that a state's failure state (which is shorter) is linked before the state itself. */
  #link(): void {
    this.#failure[0] = 0;
    this.#shorter[0] = 0;
    this.#liveDepth[0] = 0;
    const queue = [0];
    for (const state of queue) {
      for (const [code, child] of this.#children[state]!) {
        const failure = state === 0 ? 0 : this.#follow(this.#failure[state]!, code);
        this.#failure[child] = failure;
        this.#shorter[child] = this.#terms[failure]!.length > 0 ? failure : this.#shorter[failure]!;
        this.#liveDepth[child] = this.#children[child]!.size > 0 ? this.#depth[child]! : this.#liveDepth[failure]!;
        queue.push(child);
      }
    }
  }

  #follow(from: number, code: number): number {
    let state = from;
    let next = this.child(state, code);
    while (next === null && state !== 0) {
      state = this.#failure[state]!;
      next = this.child(state, code);
    }
    return next ?? 0;
  }
}
