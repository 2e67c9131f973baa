/** The law of the safety filter written down naively: over the whole text at once, by trying every stretch of it. */
import { evasiveExpressions, isEvasive } from './reference-disguise.js';
import type { RuleFinding } from './rule-filter.js';

const sign = /^[\p{P}\p{S}]$/u;
const inner = /^[!|]$/;

export interface ReferenceRule {
  readonly id: string;
  readonly action: 'block' | 'redact' | 'annotate';
  readonly replacement?: string;
  readonly terms?: readonly string[];
  readonly word?: boolean;
  /** `exact` when left out. */
  readonly match?: 'exact' | 'evasive';
  /** Source that means the same to RE2 and to JavaScript. */
  readonly pattern?: string;
}

export interface Outcome {
  readonly text: string;
  readonly blocked: boolean;
  readonly findings: readonly RuleFinding[];
}

interface Stretch {
  readonly rule: number;
  readonly start: number;
  readonly end: number;
}

/** What leaves of `text`, by the law in docs/safety.md. */
export function referenceOutcome(rules: readonly ReferenceRule[], text: string): Outcome {
  const spans = rules.flatMap((rule, index) => merged(occurrences(rule, index, text)));
  spans.sort((one, other) => one.start - other.start || one.rule - other.rule);
  const actionOf = (span: Stretch) => rules[span.rule]!.action;
  const block = spans.find((span) => actionOf(span) === 'block');
  let cut = block?.start ?? text.length;
  for (let before = -1; before !== cut; ) {
    before = cut;
    for (const span of spans) if (actionOf(span) === 'redact' && span.start < cut && span.end > cut) cut = span.start;
  }
  const reported = spans.filter((span) => span.end <= cut);
  const redactions = reported.filter((span) => actionOf(span) === 'redact');
  const findings = (block ? [...reported, block] : reported).map((span): RuleFinding => {
    const { id, action } = rules[span.rule]!;
    return { rule: id, category: 'test', action };
  });
  return { text: redacted(rules, redactions, text.slice(0, cut)), blocked: block !== undefined, findings };
}

/** Every stretch `[start, end)` in code units at which the rule matches. */
export function occurrences(rule: ReferenceRule, index: number, text: string): Stretch[] {
  const found: Stretch[] = [];
  if (rule.pattern !== undefined) {
    const offsets = codePointOffsets(text);
    offsets.forEach((start, first) => {
      for (let last = first + 1; last < offsets.length; last++) {
        const after = offsets.length - 1 - last;
        const whole = new RegExp(`(?<=^[\\s\\S]{${first}})(?:${rule.pattern})(?=[\\s\\S]{${after}}$)`, 'u');
        if (whole.test(text)) found.push({ rule: index, start, end: offsets[last]! });
      }
    });
  }
  for (const term of rule.terms ?? []) {
    const findAll = rule.match === 'evasive' && isEvasive(term) ? evasiveOccurrences : termOccurrences;
    found.push(...findAll(term, rule.word ?? true, text, index));
  }
  return found;
}

export interface NormalCharacter {
  readonly character: string;
  readonly start: number;
  readonly end: number;
}

function termOccurrences(term: string, word: boolean, text: string, rule: number): Stretch[] {
  const wanted = normalForm(term.trim()).map(({ character }) => character);
  const normal = normalForm(text);
  const found: Stretch[] = [];
  for (let first = 0; first + wanted.length <= normal.length; first++) {
    const end = first + wanted.length;
    const isSame = wanted.every((character, offset) => normal[first + offset]!.character === character);
    if (!isSame || (word && !(isWordEdge(normal, first) && isWordEdge(normal, end)))) continue;
    found.push({ rule, start: normal[first]!.start, end: normal[end - 1]!.end });
  }
  return found;
}

function evasiveOccurrences(term: string, word: boolean, text: string, rule: number): Stretch[] {
  const normal = normalForm(text);
  const disguised = evasiveExpressions(term).map((source) => new RegExp(`^(?:${source})$`, 'u'));
  const found: Stretch[] = [];
  for (let first = 0; first < normal.length; first++) {
    if (!mayBegin(normal, first, word)) continue;
    for (let end = first + 1; end <= normal.length; end++) {
      const slice = normal.slice(first, end).map(({ character }) => character);
      if (!disguised.some((expression) => expression.test(slice.join('')))) continue;
      const isStandIn = sign.test(slice.at(-1)!);
      const isEnd = isWordEdge(normal, end) && !(isStandIn && joins(normal[end]?.character ?? ' '));
      const hasLetter = slice.some((character) => !/^[\p{N}\p{P}\p{S} ]$/u.test(character));
      if ((word && !isEnd) || inner.test(slice.at(-1)!) || !hasLetter) continue;
      found.push({ rule, start: normal[first]!.start, end: normal[end - 1]!.end });
    }
  }
  return found;
}

/** May a disguised term begin with the character `first`? */
export function mayBegin(normal: readonly NormalCharacter[], first: number, word: boolean): boolean {
  const { character } = normal[first]!;
  const isStandIn = sign.test(character) && joins(normal[first - 1]?.character ?? ' ');
  return !inner.test(character) && (!word || (isWordEdge(normal, first) && !isStandIn));
}

/** Between the characters `at - 1` and `at`. */
function isWordEdge(normal: readonly NormalCharacter[], at: number): boolean {
  const after = normal[at]?.character ?? ' ';
  if (/^[\p{M}\u1160-\u11ff]$/u.test(after)) return false;
  let base = at - 1;
  while (base >= 0 && /^[\p{M}\u1160-\u11ff]$/u.test(normal[base]!.character)) base--;
  return !(joins(normal[base]?.character ?? ' ') && joins(after));
}

function joins(character: string): boolean {
  return /^[\p{L}\p{N}]$/u.test(character) && !/^[\p{sc=Han}\p{sc=Hiragana}\p{sc=Hangul}\p{sc=Thai}]$/u.test(character);
}

export function normalForm(text: string): NormalCharacter[] {
  const normal: NormalCharacter[] = [];
  for (const match of text.matchAll(/[\s\S]/gu)) {
    if (/\p{Default_Ignorable_Code_Point}/u.test(match[0])) continue;
    const folded = Array.from(match[0].normalize('NFKD'), (character) =>
      character.toLowerCase().toUpperCase().toLowerCase(),
    ).join('');
    for (const character of folded.normalize('NFKD')) {
      const isSpace = /\s/u.test(character);
      if (isSpace && normal.at(-1)?.character === ' ') continue;
      normal.push({ character: isSpace ? ' ' : character, start: match.index, end: match.index + match[0].length });
    }
  }
  return ordered(normal);
}

/** Runs of marks in canonical order; each of them stands for the whole run. */
function ordered(normal: readonly NormalCharacter[]): NormalCharacter[] {
  const result: NormalCharacter[] = [];
  for (let first = 0; first < normal.length; ) {
    let end = first;
    while (end < normal.length && /^\p{M}$/u.test(normal[end]!.character)) end++;
    if (end === first) result.push(normal[first++]!);
    else {
      const run = normal.slice(first, end);
      const joined = run.map(({ character }) => character).join('');
      for (const character of joined.normalize('NFKD')) {
        result.push({ character, start: run[0]!.start, end: run.at(-1)!.end });
      }
      first = end;
    }
  }
  return result;
}

/** Occurrences of one rule that overlap are one span. */
export function merged(found: readonly Stretch[]): Stretch[] {
  const spans: Stretch[] = [];
  for (const next of found.toSorted((one, other) => one.start - other.start)) {
    const last = spans.at(-1);
    if (last && next.start < last.end) spans[spans.length - 1] = { ...last, end: Math.max(last.end, next.end) };
    else spans.push(next);
  }
  return spans;
}

function redacted(rules: readonly ReferenceRule[], redactions: readonly Stretch[], text: string): string {
  let result = '';
  let at = 0;
  while (at < text.length) {
    const starting = redactions.filter((span) => span.start === at);
    if (starting.length === 0) {
      result += text[at++];
      continue;
    }
    const longest = Math.max(...starting.map((span) => span.end));
    result += rules[starting.find((span) => span.end === longest)!.rule]!.replacement ?? '[redacted]';
    let end = longest;
    for (const span of redactions) if (span.start >= at && span.start < end) end = Math.max(end, span.end);
    at = end;
  }
  return result;
}

function codePointOffsets(text: string): number[] {
  return [...Array.from(text.matchAll(/[\s\S]/gu), (match) => match.index), text.length];
}
