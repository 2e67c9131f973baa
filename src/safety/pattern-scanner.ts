/** Finds one pattern in a text, keeping only the matches that have begun (Pike's simulation of an automaton). */
import { emptyWidth, type Instruction } from './instruction.js';
import type { Pattern } from './pattern.js';
import type { Report, Scanner } from './scanner.js';

/** A match that has begun: where it started, and the instruction it has come to. */
interface Thread {
  readonly at: number;
  readonly start: number;
}

/** "No character": before the text and after it. */
const outside = -1;

/**
 * Of all matches that have come to the same instruction only the one that started first is kept: whatever the others
 * may grow into, it grows into a longer match with the same end. So the work for one character is bounded by the size
 * of the pattern. A match is reported when the character after it is known, which its assertions may look at.
 */
export class PatternScanner implements Scanner {
  readonly #pattern: Pattern;
  readonly #found: (start: number, end: number) => void;
  /** Matches that wait for the next character, oldest first. */
  #waiting: Thread[] = [];
  /** The character number at which an instruction was last visited: [instructions]. */
  readonly #visited: Float64Array;
  #characters = 0;
  #previous = outside;
  #steps = 0;

  constructor(pattern: Pattern, rule: number, report: Report) {
    this.#pattern = pattern;
    this.#found = (start, end) => report(rule, start, end);
    this.#visited = new Float64Array(pattern.instructions.length);
  }

  get liveFrom(): number {
    return this.#waiting[0]?.start ?? Number.POSITIVE_INFINITY;
  }

  get steps(): number {
    return this.#steps;
  }

  read(code: number, start: number): void {
    this.#steps += 1;
    const begins = this.#pattern.mayBeginWith(code);
    if (begins || this.#waiting.length > 0) this.#advance(code, start, begins);
    this.#previous = code;
  }

  end(at: number): void {
    this.#advance(outside, at, false);
  }

  /** Takes all matches that have begun, and one that begins here, over the character `code` at `offset`. */
  #advance(code: number, offset: number, begins: boolean): void {
    this.#characters += 1;
    const flags = conditions(this.#previous, code);
    const waiting = this.#waiting;
    if (begins) waiting.push({ at: this.#pattern.start, start: offset });
    this.#waiting = [];
    for (const thread of waiting) {
      for (const instruction of this.#reachable(thread.at, flags)) {
        if (instruction.kind === 'match') this.#found(thread.start, offset);
        else if (code !== outside && instruction.matches(code)) {
          this.#waiting.push({ at: instruction.next, start: thread.start });
        }
      }
    }
  }

  /** The instructions that match or read, reached from `from` without reading and not visited at this character. */
  #reachable(from: number, flags: number): Extract<Instruction, { kind: 'match' | 'read' }>[] {
    const reached: Extract<Instruction, { kind: 'match' | 'read' }>[] = [];
    const pending = [from];
    for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
      if (this.#visited[at] === this.#characters) continue;
      this.#visited[at] = this.#characters;
      this.#steps += 1;
      const instruction = this.#pattern.instructions[at]!;
      if (instruction.kind === 'match' || instruction.kind === 'read') reached.push(instruction);
      else if (instruction.kind === 'split') pending.push(instruction.next, instruction.other);
      else if (instruction.kind === 'jump') pending.push(instruction.next);
      else if (instruction.kind === 'assert' && (instruction.flags & ~flags) === 0) pending.push(instruction.next);
    }
    return reached;
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
