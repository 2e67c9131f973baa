/** Finds stop strings in streamed text; nothing that may still become one is released. */

export interface StopMatch {
  readonly text: string;
  readonly stopped: boolean;
}

export class StopMatcher {
  readonly #stops: readonly string[];
  #held = '';

  constructor(stops: readonly string[]) {
    this.#stops = stops;
  }

  /** The text that cannot belong to a stop string any more. The stop string that ends first ends the text. */
  push(text: string): StopMatch {
    if (this.#stops.length === 0) return { text, stopped: false };
    const seen = this.#held + text;
    for (let end = this.#held.length + 1; end <= seen.length; end++) {
      const start = this.#matchEndingAt(seen, end);
      if (start !== null) {
        this.#held = '';
        return { text: seen.slice(0, start), stopped: true };
      }
    }
    const safe = this.#safeLength(seen);
    this.#held = seen.slice(safe);
    return { text: seen.slice(0, safe), stopped: false };
  }

  /** What was held back, at the end of the text. */
  flush(): string {
    const held = this.#held;
    this.#held = '';
    return held;
  }

  /** Start of the longest stop string that ends at `end`. */
  #matchEndingAt(seen: string, end: number): number | null {
    const starts = this.#stops.filter((stop) => seen.endsWith(stop, end)).map((stop) => end - stop.length);
    return starts.length > 0 ? Math.min(...starts) : null;
  }

  /** Length of `seen` without the longest suffix that begins a stop string. */
  #safeLength(seen: string): number {
    const longest = Math.max(0, ...this.#stops.map((stop) => stop.length - 1));
    for (let start = Math.max(0, seen.length - longest); start < seen.length; start++) {
      const suffix = seen.slice(start);
      if (this.#stops.some((stop) => stop.startsWith(suffix))) return start;
    }
    return seen.length;
  }
}
