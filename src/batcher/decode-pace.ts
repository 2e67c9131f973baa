/** How long rounds of decoding take on this machine now, measured, and whether guessing tokens makes them worth more. */

/** What a decode message has shown. */
export interface DecodeMessage {
  readonly rows: number;
  readonly rounds: number;
  /** Of all rows in all rounds. */
  readonly tokens: number;
  readonly ms: number;
  /** Tokens were guessed from the rows' own texts. */
  readonly speculated: boolean;
}

/** With more rows than this nothing is guessed: each row is verified by itself, and they share no step. */
const mostSpeculatingRows = 8;

/** The other way is tried once in so many messages, because texts change. */
const tryEvery = 16;

/** Messages of each way, the newest ones, whose median counts: a busy machine slows single ones by far. */
const remembered = 9;
/** With fewer nothing is known. */
const enough = 3;

export class DecodePace {
  readonly #plain = new Pace();
  readonly #speculating = new Pace();
  #messages = 0;

  observe(message: DecodeMessage): void {
    (message.speculated ? this.#speculating : this.#plain).observe(message);
    this.#messages++;
  }

  /** Milliseconds of a round, at most about; `null`: nobody knows yet. */
  roundMs(rows: number, speculates: boolean): number | null {
    return (speculates ? this.#speculating : this.#plain).roundMs(rows);
  }

  /** As many rows get more tokens a second when each is guessed and verified alone; or it is time to find out. */
  speculationPays(rows: number): boolean {
    if (rows > mostSpeculatingRows) return false;
    const [speculating, plain] = [this.#speculating.rate(rows), this.#plain.rate(rows)];
    if (speculating === null || plain === null) return speculating === null;
    const pays = speculating > plain;
    return this.#messages % tryEvery === 0 ? !pays : pays;
  }
}

/** One way of decoding. */
class Pace {
  #last: { readonly rows: number; readonly roundMs: number } | null = null;
  /** Tokens per millisecond of the newest messages, by the number of rows. */
  readonly #rates = new Map<number, number[]>();

  observe({ rows, rounds, tokens, ms }: DecodeMessage): void {
    this.#last = { rows, roundMs: ms / rounds };
    // A clock without the resolution for it says nothing.
    if (ms === 0) return;
    this.#rates.set(rows, [...(this.#rates.get(rows) ?? []), tokens / ms].slice(-remembered));
  }

  /** The median; `null` while too little is known. */
  rate(rows: number): number | null {
    const rates = this.#rates.get(rows) ?? [];
    return rates.length < enough ? null : rates.toSorted((a, b) => a - b)[rates.length >> 1]!;
  }

  /** As long as the last round, or longer by as many times as there are more rows; `null` before the first. */
  roundMs(rows: number): number | null {
    return this.#last === null ? null : this.#last.roundMs * Math.max(1, rows / this.#last.rows);
  }
}
