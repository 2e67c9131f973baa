/** The instructions of a compiled pattern, read out of the program that re2js makes of it. */
import { RE2JS } from 're2js';

/** `next` and `other` are indices of instructions. */
export type Instruction =
  | { readonly kind: 'read'; readonly next: number; matches(code: number): boolean }
  | { readonly kind: 'split'; readonly next: number; readonly other: number }
  | { readonly kind: 'assert'; readonly next: number; readonly flags: number }
  | { readonly kind: 'jump'; readonly next: number }
  | { readonly kind: 'match' }
  | { readonly kind: 'fail' };

export interface Program {
  readonly instructions: readonly Instruction[];
  /** Index of the first instruction. */
  readonly start: number;
}

/** RE2's empty-width conditions, the bits of an assertion's `flags`. */
export const emptyWidth = { beginLine: 1, endLine: 2, beginText: 4, endText: 8, boundary: 16, noBoundary: 32 } as const;

/** `Inst` of re2js 2.10.0, whose typings leave the program open. */
interface Re2Instruction {
  readonly op: number;
  readonly out: number;
  readonly arg: number;
  matchRune(code: number): boolean;
}

/** Throws re2js's `RE2JSException` when the source is no RE2 pattern. */
export function compileProgram(source: string): Program {
  const program: { readonly inst: readonly Re2Instruction[]; readonly start: number } =
    RE2JS.compile(source).re2().prog;
  return { instructions: program.inst.map(translate), start: program.start };
}

/** By the opcodes of `Inst`. Captures are of no interest; look-behind is only compiled where a flag asks for it. */
function translate(instruction: Re2Instruction): Instruction {
  const { op, out: next, arg } = instruction;
  switch (op) {
    case 1:
    case 2:
      return { kind: 'split', next, other: arg };
    case 3:
    case 7:
      return { kind: 'jump', next };
    case 4:
      return { kind: 'assert', next, flags: arg };
    case 5:
      return { kind: 'fail' };
    case 6:
      return { kind: 'match' };
    case 8:
    case 9:
      return { kind: 'read', next, matches: (code) => instruction.matchRune(code) };
    case 10:
      return { kind: 'read', next, matches: () => true };
    case 11:
      return { kind: 'read', next, matches: (code) => code !== 0x0a };
    default:
      throw new Error(`Invariant broken: re2js has no opcode ${op} in a pattern without look-behind.`);
  }
}
