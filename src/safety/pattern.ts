/** A pattern whose longest match is known before any text is: an RE2 program without loops. */
import { RE2JSException } from 're2js';
import { OctavoError } from '../errors.js';
import { compileProgram, emptyWidth, type Instruction, type Program } from './instruction.js';

export interface Pattern extends Program {
  /** The longest possible match, in code points. */
  readonly longest: number;
  /** May a match begin with this code point? A quick test; sometimes true in vain, never false in vain. */
  mayBeginWith(code: number): boolean;
  /** Every match begins at a word boundary (`\b`). */
  readonly beginsAtBoundary: boolean;
}

/** Characters of the source, code points of the longest match, instructions of the program. */
export const patternLimits = { source: 1000, match: 1024, instructions: 4096 } as const;

/** Throws `invalid_config` saying what is wrong with the pattern and what is allowed. */
export function compilePattern(source: string): Pattern {
  const program = parse(source);
  const { instructions, start } = program;
  if (instructions.length > patternLimits.instructions) {
    throw refusal(
      `is too large: ${instructions.length} instructions, at most ${patternLimits.instructions} are allowed`,
    );
  }
  const { shortest, longest } = matchLengths(program);
  if (longest < 0) throw refusal('can never match');
  if (shortest === 0) throw refusal('matches the empty text; it must match at least one character');
  if (longest > patternLimits.match) {
    throw refusal(`could match ${longest} characters; at most ${patternLimits.match} are allowed`);
  }
  const first = firstReads(program);
  const begins = (code: number) => first.some((read) => read.matches(code));
  const ascii = Array.from({ length: 128 }, (_, code) => begins(code));
  const beginsAtBoundary = firstReads(program, (flags) => (flags & emptyWidth.boundary) === 0).length === 0;
  return { instructions, start, longest, beginsAtBoundary, mayBeginWith: (code) => ascii[code] ?? begins(code) };
}

function parse(source: string): Program {
  try {
    return compileProgram(source);
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    throw refusal(`is not valid: ${error.message} (RE2 syntax: no look-around, no back-references)`);
  }
}

interface Lengths {
  readonly shortest: number;
  readonly longest: number;
}
const noMatch: Lengths = { shortest: Number.POSITIVE_INFINITY, longest: Number.NEGATIVE_INFINITY };

/**
 * Shortest and longest match in code points, taking every assertion to hold. Throws where a path comes back to itself:
 * such a pattern has no longest match.
 */
function matchLengths({ instructions, start }: Program): Lengths {
  const known = new Map<number, Lengths | 'open'>();
  const visit = (at: number): Lengths => {
    const found = known.get(at);
    if (found === 'open') {
      throw refusal(
        'has no longest match: "*", "+" and "{n,}" are not allowed, because the text of an answer would have to be ' +
          'held back without limit; write a bound such as {0,64}',
      );
    }
    if (found !== undefined) return found;
    known.set(at, 'open');
    const lengths = lengthsFrom(instructions[at]!, visit);
    known.set(at, lengths);
    return lengths;
  };
  return visit(start);
}

function lengthsFrom(instruction: Instruction, visit: (at: number) => Lengths): Lengths {
  switch (instruction.kind) {
    case 'match':
      return { shortest: 0, longest: 0 };
    case 'fail':
      return noMatch;
    case 'split': {
      const one = visit(instruction.next);
      const other = visit(instruction.other);
      return { shortest: Math.min(one.shortest, other.shortest), longest: Math.max(one.longest, other.longest) };
    }
    case 'read': {
      const rest = visit(instruction.next);
      return { shortest: rest.shortest + 1, longest: rest.longest + 1 };
    }
    default:
      return visit(instruction.next);
  }
}

/** The instructions that can read the first character of a match, past the assertions that `passes`. */
function firstReads({ instructions, start }: Program, passes: (flags: number) => boolean = () => true) {
  const seen = new Set([start]);
  const reads: Extract<Instruction, { kind: 'read' }>[] = [];
  for (const at of seen) {
    const instruction = instructions[at]!;
    if (instruction.kind === 'read') reads.push(instruction);
    else if (instruction.kind === 'assert' && !passes(instruction.flags)) continue;
    else if ('next' in instruction) seen.add(instruction.next);
    if (instruction.kind === 'split') seen.add(instruction.other);
  }
  return reads;
}

function refusal(fault: string): OctavoError {
  return new OctavoError('invalid_config', `the pattern ${fault}`);
}
