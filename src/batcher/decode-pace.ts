/** How long rounds of decoding take on this machine now, measured. */

export class DecodePace {
  /** The last message. */
  #last: { readonly rows: number; readonly roundMs: number } | null = null;

  observe({ rows, rounds, ms }: { readonly rows: number; readonly rounds: number; readonly ms: number }): void {
    this.#last = { rows, roundMs: ms / rounds };
  }

  /** Milliseconds of a round: as long as the last one, or longer by as many times as there are more rows; `null` before the first. */
  roundMs(rows: number): number | null {
    return this.#last === null ? null : this.#last.roundMs * Math.max(1, rows / this.#last.rows);
  }
}
