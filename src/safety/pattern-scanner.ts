/** Finds one pattern in a text, keeping only the matches that have begun (Pike's simulation of an automaton). */
import { emptyWidth } from './instruction.js';
import { outside, type Past } from './past.js';
import type { Pattern } from './pattern.js';
import type { Report, Scanner } from './scanner.js';

/** Matches that have begun: where each started, and the instruction it has come to. */
class Threads {
  readonly at: number[] = [];
  readonly start: number[] = [];
  count = 0;

  add(at: number, start: number): void {
    this.at[this.count] = at;
    this.start[this.count] = start;
    this.count += 1;
  }
}

const nowhere = new Float64Array(0);

interface Move {
  /** The empty-width conditions before the character. */
  readonly flags: number;
  readonly code: number;
  readonly start: number;
  readonly offset: number;
}

interface PatternScannerSettings {
  readonly rule: number;
  readonly report: Report;
  /** The characters before the one that is read; kept by whoever reads. */
  readonly past: Past;
  /** Report an end with each of its starts, not with the first alone. */
  readonly everyStart?: boolean;
}

/**
 * Of all matches that have come to the same instruction only the one that started first is kept: whatever the others
 * may grow into, it grows into a longer match with the same end. So the work for one character is bounded by the size
 * of the pattern; where every start counts, to the power of two. A match is reported when the character after it is
 * known, which its assertions may look at.
 */
export class PatternScanner implements Scanner {
  readonly #pattern: Pattern;
  readonly #found: (start: number, end: number) => void;
  /** Matches that wait for the next character, oldest first; and the list that the next will be put into. */
  #waiting = new Threads();
  #next = new Threads();
  readonly #pending: number[] = [];
  readonly #everyStart: boolean;
  /** The visit, one for each character (and start, where every one counts), that last came to an instruction. */
  #visited = nowhere;
  #visit = 0;
  readonly #past: Past;
  #steps = 0;

  constructor(pattern: Pattern, { rule, report, past, everyStart = false }: PatternScannerSettings) {
    this.#past = past;
    this.#pattern = pattern;
    this.#everyStart = everyStart;
    this.#found = (start, end) => report(rule, start, end);
  }

  get liveFrom(): number {
    return this.#waiting.count === 0 ? Number.POSITIVE_INFINITY : this.#waiting.start[0]!;
  }

  get steps(): number {
    return this.#steps;
  }

  read(code: number, start: number): void {
    this.#steps += 1;
    const { mayBeginWith, beginsAtBoundary } = this.#pattern;
    const begins = mayBeginWith(code) && (!beginsAtBoundary || isWord(this.#past.last) !== isWord(code));
    if (begins || this.#waiting.count > 0) this.#advance(code, start, begins);
  }

  end(at: number): void {
    if (this.#waiting.count > 0) this.#advance(outside, at, false);
  }

  /** Takes all matches that have begun, and one that begins here, over the character `code` at `offset`. */
  #advance(code: number, offset: number, begins: boolean): void {
    // Most patterns never begin in most texts.
    if (this.#visited === nowhere) this.#visited = new Float64Array(this.#pattern.instructions.length);
    this.#visit += 1;
    const flags = conditions(this.#past.last, code);
    const waiting = this.#waiting;
    if (begins) waiting.add(this.#pattern.start, offset);
    this.#waiting = this.#next;
    this.#waiting.count = 0;
    this.#next = waiting;
    for (let thread = 0; thread < waiting.count; thread++) {
      const start = waiting.start[thread]!;
      if (this.#everyStart && thread > 0 && start !== waiting.start[thread - 1]) this.#visit += 1;
      this.#follow(waiting.at[thread]!, { flags, code, start, offset });
    }
  }

  /** Follows a match from its instruction over a character, by every way not visited yet. */
  #follow(from: number, { flags, code, start, offset }: Move): void {
    const pending = this.#pending;
    let count = 0;
    pending[count++] = from;
    while (count > 0) {
      const at = pending[--count]!;
      if (this.#visited[at] === this.#visit) continue;
      this.#visited[at] = this.#visit;
      this.#steps += 1;
      const instruction = this.#pattern.instructions[at]!;
      if (instruction.kind === 'read') {
        if (code !== outside && instruction.matches(code)) this.#waiting.add(instruction.next, start);
      } else if (instruction.kind === 'match') this.#found(start, offset);
      else if (instruction.kind === 'split') {
        pending[count++] = instruction.next;
        pending[count++] = instruction.other;
      } else if (instruction.kind === 'jump') pending[count++] = instruction.next;
      else if (instruction.kind === 'assert' && (instruction.flags & ~flags) === 0) pending[count++] = instruction.next;
    }
  }
}

/** The empty-width conditions that hold between two characters (RE2's `\b` knows ASCII words alone). */
function conditions(before: number, after: number): number {
  let flags = isWord(before) === isWord(after) ? emptyWidth.noBoundary : emptyWidth.boundary;
  if (before === outside) flags |= emptyWidth.beginText | emptyWidth.beginLine;
  if (before === 0x0a) flags |= emptyWidth.beginLine;
  if (after === outside) flags |= emptyWidth.endText | emptyWidth.endLine;
  if (after === 0x0a) flags |= emptyWidth.endLine;
  return flags;
}

function isWord(code: number): boolean {
  const isDigit = code >= 0x30 && code <= 0x39;
  const isLetter = (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a);
  return isDigit || isLetter || code === 0x5f;
}
