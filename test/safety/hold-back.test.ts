/** How much the stream guard holds back, against trying every start at which a term could still be completed. */
import { expect, test } from 'vitest';
import { Random } from '../support/random.js';
import { mayBegin, merged, normalForm, occurrences, type ReferenceRule } from './reference.js';
import { beginnings } from './reference-disguise.js';
import { RuleGuard } from './rule-filter.js';
import { ruleSet } from './rule-set.js';

test('exactly the longest beginning of a term that could still match is held', () => {
  const random = new Random(5);
  let longestHold = 0;
  for (let round = 0; round < 300; round++) {
    const rules = Array.from(
      { length: random.between(1, 3) },
      (_, index): ReferenceRule => ({
        id: `r${index}`,
        action: 'redact',
        terms: [`${random.pick(['a', 'b'])}${random.text(['a', 'b', ' '], random.below(4))}c`],
        word: random.below(2) === 0,
      }),
    );
    const stream = new RuleGuard(ruleSet(rules));
    const text = random.text(['a', 'b', 'c', ' '], 30);
    for (let end = 1; end <= text.length; end++) {
      stream.push(text[end - 1]!);
      const held = heldByReference(rules, text.slice(0, end));
      expect(stream.heldLength, `${JSON.stringify(rules)} on ${JSON.stringify(text.slice(0, end))}`).toBe(held);
      longestHold = Math.max(longestHold, held);
    }
  }
  expect(longestHold).toBeGreaterThan(3);
});

test('exactly the longest beginning of a disguised term that could still match is held', () => {
  const random = new Random(6);
  let longestHold = 0;
  for (let round = 0; round < 150; round++) {
    const rules = Array.from(
      { length: random.between(1, 2) },
      (_, index): ReferenceRule => ({
        ...{ id: `r${index}`, action: 'redact', match: 'evasive', word: random.below(3) > 0 },
        terms: [random.pick(['abc', 'aab', 'ab c', 'a b c', 'cab', 'abcb', 'bab ab'])],
      }),
    );
    const stream = new RuleGuard(ruleSet(rules));
    const text = random.text(['a', 'b', 'c', 'a', 'b', 'c', '4', '8', ' ', '.', '@'], 24);
    for (let end = 1; end <= text.length; end++) {
      stream.push(text[end - 1]!);
      const held = heldByReference(rules, text.slice(0, end));
      expect(stream.heldLength, `${JSON.stringify(rules)} on ${JSON.stringify(text.slice(0, end))}`).toBe(held);
      longestHold = Math.max(longestHold, held);
    }
  }
  expect(longestHold).toBeGreaterThan(6);
});

/** Code units that must still be held, for rules of terms in plain letters that block nothing. */
function heldByReference(rules: readonly ReferenceRule[], text: string): number {
  let cut = text.length;
  for (let start = text.length - 1; start >= 0; start--) if (isLive(rules, text, start)) cut = start;
  const spans = rules.flatMap((rule, index) => merged(occurrences(rule, index, text)));
  for (let before = -1; before !== cut; ) {
    before = cut;
    for (const { start, end } of spans) if (start < cut && end > cut) cut = start;
  }
  return text.length - cut;
}

/** May a term that starts at `start` still be completed by more text? */
function isLive(rules: readonly ReferenceRule[], text: string, start: number): boolean {
  const rest = text.slice(start).replace(/ +/g, ' ');
  if (rules[0]?.match === 'evasive') return isEvasiveLive(rules, text, start);
  const insideWord = text[start] !== ' ' && start > 0 && text[start - 1] !== ' ';
  return rules.some(({ terms = [], word }) =>
    terms.some((term) => {
      const normal = term.replace(/ +/g, ' ');
      // A whole word still waits for its boundary.
      return word ? !insideWord && normal.startsWith(rest) : normal !== rest && normal.startsWith(rest);
    }),
  );
}

/** The same for disguised terms: is the rest of the text the beginning of one? */
function isEvasiveLive(rules: readonly ReferenceRule[], text: string, start: number): boolean {
  const normal = normalForm(text);
  const first = normal.findIndex((character) => character.start === start);
  if (first < 0) return false;
  const rest = normal
    .slice(first)
    .map(({ character }) => character)
    .join('');
  return rules.some(({ terms = [], word = true }) =>
    terms.some(
      (term) =>
        mayBegin(normal, first, word) &&
        beginnings(term).some((source) => new RegExp(`^(?:${source})`, 'u').test(rest)),
    ),
  );
}
