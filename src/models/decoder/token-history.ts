/** The tokens of one row, as penalties and guesses look at them. */

export class TokenHistory {
  /** Prompt and output so far. */
  readonly ids: number[] = [];
  /** Tokens of the output so far. */
  generated = 0;
  readonly #prompt = new Set<number>();
  readonly #counts = new Map<number, number>();

  /** Tokens of the prompt and the output so far. */
  get length(): number {
    return this.ids.length;
  }

  /** How often each token was generated. */
  get counts(): ReadonlyMap<number, number> {
    return this.#counts;
  }

  /** Tokens of the prompt. */
  get prompt(): ReadonlySet<number> {
    return this.#prompt;
  }

  addPrompt(ids: readonly number[]): void {
    for (const id of ids) {
      this.#prompt.add(id);
      this.ids.push(id);
    }
  }

  addGenerated(id: number): void {
    this.#counts.set(id, (this.#counts.get(id) ?? 0) + 1);
    this.ids.push(id);
    this.generated += 1;
  }
}
