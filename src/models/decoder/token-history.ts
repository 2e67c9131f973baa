/** The tokens of one row that penalties look at. */

export class TokenHistory {
  /** Tokens of the prompt and the output so far. */
  length = 0;
  /** Tokens of the output so far. */
  generated = 0;
  readonly #prompt = new Set<number>();
  readonly #counts = new Map<number, number>();

  /** How often each token was generated. */
  get counts(): ReadonlyMap<number, number> {
    return this.#counts;
  }

  /** Tokens of the prompt. */
  get prompt(): ReadonlySet<number> {
    return this.#prompt;
  }

  addPrompt(ids: readonly number[]): void {
    for (const id of ids) this.#prompt.add(id);
    this.length += ids.length;
  }

  addGenerated(id: number): void {
    this.#counts.set(id, (this.#counts.get(id) ?? 0) + 1);
    this.length += 1;
    this.generated += 1;
  }
}
