/** The law of the stream guard: the pieces of a text make no difference, and what leaves is what the reference says. */
import { describe, expect, test } from 'vitest';
import type { RuleSet } from '#octavo/safety/rule-set.js';
import { Random } from '../support/random.js';
import { type Outcome, occurrences, type ReferenceRule, referenceOutcome } from './reference.js';
import { type RuleFinding, RuleGuard } from './rule-filter.js';
import { ruleSet } from './rule-set.js';

// Letters, a mark, white space, zero-width and variation selector, full width, a surrogate pair, Han, a precomposed
// letter, a letter that folds to two, punctuation, a lone surrogate, a Hangul syllable and a final.
const hardAlphabet = [
  ...['a', 'a', 'b', 'b', 'c', 'A', ' ', ' ', '\n', '\u0301', '\u0323', '\u200b', '\ufe0f', 'ａ', '𝐛', '字', 'á', 'ß'],
  ...['-', '\ud83d', '각', '\u11a8'],
];
const plainAlphabet = ['a', 'b', 'c', ' '];
// Letters, a look-alike, digits and signs that stand for letters, gaps, a repetition, marks, Han and Hangul.
const disguises = [
  'a',
  'b',
  'c',
  'aa',
  'а',
  '4',
  '@',
  '6',
  '8',
  'с',
  '¢',
  ' ',
  '.',
  '-',
  '. ',
  '\u200b',
  '\u0301',
  '字',
  '가',
];
const evasiveTerms = [
  'abc',
  'bac',
  'aab',
  'abcab',
  'ab c',
  'b ac',
  'a b c',
  'abb',
  'bcá',
  'ácb',
  'a字b',
  '가b字',
  'cab a',
];
const words = [
  'the',
  'card',
  '4111',
  'key',
  'is',
  'bad',
  'badly',
  'x',
  'password',
  'a b',
  '🙂',
  'naïve',
  'café',
  '悪い',
];
const termChoices = [
  'a',
  'ab',
  'abc',
  'b',
  'b a',
  'ba',
  'aa',
  'a字',
  '字',
  'á',
  'ss',
  'bad',
  'bad card',
  'a\u0323\u0301',
  '가',
];
const patternChoices = [
  'ab',
  'a{2,4}',
  '\\bb{1,3}',
  'a.c',
  '[ab]{3}',
  '(?:ab|abab)c?',
  '^a',
  'b$',
  'a\\B',
  '[0-9]{2,4}',
  '(?:a|字)b?',
];

function randomRules(random: Random): ReferenceRule[] {
  return Array.from({ length: random.between(1, 4) }, (_, index): ReferenceRule => {
    const action = random.pick(['block', 'redact', 'redact', 'annotate'] as const);
    const shared = { id: `r${index}`, action, ...(action === 'redact' ? { replacement: `<${index}ab>` } : {}) };
    if (random.below(3) === 0) return { ...shared, pattern: random.pick(patternChoices) };
    const terms = Array.from({ length: random.between(1, 3) }, () =>
      random.below(2) ? random.pick(termChoices) : random.text(['a', 'b', 'c'], random.between(1, 4)),
    );
    return { ...shared, terms, word: random.below(3) > 0 };
  });
}

function randomEvasiveRules(random: Random): ReferenceRule[] {
  return Array.from({ length: random.between(1, 3) }, (_, index): ReferenceRule => {
    const action = random.pick(['block', 'redact', 'redact', 'annotate'] as const);
    const terms = Array.from({ length: random.between(1, 3) }, () => random.pick(evasiveTerms));
    const word = random.below(3) > 0;
    return { id: `r${index}`, action, terms, word, match: random.below(6) > 0 ? 'evasive' : 'exact' };
  });
}

function screened(set: RuleSet, pieces: readonly string[]): Outcome {
  const guard = new RuleGuard(set);
  const findings: RuleFinding[] = [];
  let text = '';
  let blocked = false;
  for (const piece of [...pieces, null]) {
    const wasBlocked = blocked;
    const safe = piece === null ? guard.end() : guard.push(piece);
    if (wasBlocked) expect(safe).toEqual({ text: '', blocked: true, findings: [] });
    text += safe.text;
    blocked = safe.blocked;
    findings.push(...safe.findings);
  }
  return { text, blocked, findings };
}

function randomPieces(random: Random, text: string): string[] {
  const pieces: string[] = [];
  for (let at = 0; at < text.length; ) {
    const length = random.between(0, 5);
    pieces.push(text.slice(at, at + length));
    at += length;
  }
  return pieces;
}

function checkEveryCut(random: Random, rules: readonly ReferenceRule[], text: string): Outcome {
  const set = ruleSet(rules);
  const expected = referenceOutcome(rules, text);
  const told = `${JSON.stringify(rules)} on ${JSON.stringify(text)}`;
  expect(screened(set, [text]), told).toEqual(expected);
  expect(screened(set, text.split('')), told).toEqual(expected);
  for (let at = 0; at <= text.length; at++) {
    expect(screened(set, [text.slice(0, at), text.slice(at)]), told).toEqual(expected);
  }
  for (let round = 0; round < 4; round++) expect(screened(set, randomPieces(random, text)), told).toEqual(expected);
  return expected;
}

/** A term written with some of its letters changed, apart or repeated, among other characters. */
function disguised(random: Random, rules: readonly ReferenceRule[]): string {
  const written: Readonly<Record<string, string[]>> = {
    a: ['a', '4', '@', 'а', 'A'],
    b: ['b', '6', '8'],
    c: ['c', '¢', 'с'],
  };
  const gaps = random.pick([[''], ['', '.'], [' '], ['-', '. '], ['', '\u200b']]);
  const term = Array.from(random.pick(random.pick(rules).terms!), (letter) => {
    const repeats = random.below(5) === 0 ? random.between(2, 4) : 1;
    const again = () => random.pick(random.below(3) > 0 ? [letter] : (written[letter] ?? [letter]));
    return Array.from({ length: repeats }, again).join('');
  }).join(random.pick(gaps));
  const around = () => random.text(disguises, random.between(0, 5));
  return (
    around() + (random.below(2) > 0 ? random.pick(['', ' ', '.']) + term + random.pick(['', ' ', '.']) : '') + around()
  );
}

describe('any way of cutting a text gives what the reference gives for the whole text', () => {
  test.each([
    ['plain letters', plainAlphabet, 20, 400],
    ['hard characters', hardAlphabet, 16, 500],
  ] as const)('%s', (_name, alphabet, longest, rounds) => {
    const random = new Random(20_261_123);
    const seen = { blocked: 0, redacted: 0, untouched: 0 };
    for (let round = 0; round < rounds; round++) {
      const text = random.text(alphabet, random.between(0, longest));
      const outcome = checkEveryCut(random, randomRules(random), text);
      if (outcome.blocked) seen.blocked += 1;
      else if (outcome.text !== text) seen.redacted += 1;
      else seen.untouched += 1;
    }
    // The property says little unless all three happen often.
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(rounds / 10);
  });

  test('disguised terms', () => {
    const random = new Random(612);
    let matched = 0;
    for (let round = 0; round < 600; round++) {
      const rules = randomEvasiveRules(random);
      const { text } = checkEveryCut(random, rules, disguised(random, rules));
      if (text.includes('[redacted]')) matched += 1;
    }
    expect(matched).toBeGreaterThan(100);
  });

  test('sentences', () => {
    const random = new Random(7);
    for (let round = 0; round < 150; round++) {
      const text = Array.from({ length: random.between(1, 7) }, () => random.pick(words)).join(
        random.pick([' ', '  ', '']),
      );
      checkEveryCut(random, randomRules(random), text.slice(0, 32));
    }
  });
});

describe('nothing leaks', () => {
  test('no character of a blocked or redacted stretch, nor anything after a block, ever leaves', () => {
    const random = new Random(99);
    let covered = 0;
    for (let round = 0; round < 400; round++) {
      const rules = randomRules(random).map((rule) => (rule.action === 'redact' ? { ...rule, replacement: '' } : rule));
      const text = random.text(plainAlphabet, random.between(4, 24));
      const { text: released } = screened(ruleSet(rules), randomPieces(random, text));
      const stretches = rules.flatMap((rule, index) =>
        rule.action === 'annotate' ? [] : occurrences(rule, index, text),
      );
      const blocks = stretches.filter(({ rule }) => rules[rule]!.action === 'block');
      const end = Math.min(text.length, ...blocks.map(({ start }) => start));
      const kept = text
        .split('')
        .filter((_, at) => at < end && !stretches.some(({ start, end: stop }) => start <= at && at < stop))
        .join('');
      if (kept.length < text.length) covered += 1;
      // Redactions that reach into a block take the text between them along, so what is released may be less.
      expect(kept.startsWith(released), `${JSON.stringify(rules)} on ${JSON.stringify(text)}`).toBe(true);
      if (blocks.length === 0) expect(released).toBe(kept);
    }
    expect(covered).toBeGreaterThan(200);
  });
});
