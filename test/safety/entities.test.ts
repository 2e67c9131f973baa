/** Personal data: published examples are found, and how many of generated ones are, and of near misses are not. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type EntityName, entityNames } from '#octavo/safety/entities.js';
import { compileRules } from '#octavo/safety/rule.js';
import { RuleSet } from '#octavo/safety/rule-set.js';
import { Random } from '../support/random.js';
import { samples } from './personal-data.js';
import { RuleGuard } from './rule-filter.js';

const setOf = (names: readonly EntityName[]) =>
  new RuleSet(
    compileRules({ id: 'own', category: 'personal-data', action: 'redact', direction: 'both', detect: [...names] }),
  );
const sets = new Map(entityNames.map((name) => [name, setOf([name])]));

function screened(set: RuleSet, pieces: readonly string[]): string {
  const guard = new RuleGuard(set);
  return pieces.map((piece) => guard.push(piece).text).join('') + guard.end().text;
}

describe('published examples', () => {
  test.each(entityNames.flatMap((name) => samples[name].examples.map((example) => [name, example] as const)))(
    '%s: %s is found whole, however it is cut',
    (name, example) => {
      const text = `It is ${example}, I think.`;
      const expected = /^It is \[[a-z-]+\], I think\.$/;
      for (let at = 0; at <= text.length; at++) {
        expect(screened(sets.get(name)!, [text.slice(0, at), text.slice(at)])).toMatch(expected);
      }
      expect(screened(sets.get(name)!, text.split(''))).toMatch(expected);
      expect(screened(sets.get(name)!, [example])).toMatch(/^\[[a-z-]+\]$/);
    },
  );
});

test('full-width digits and invisible characters hide nothing', () => {
  const cards = sets.get('payment-card')!;
  expect(screened(cards, ['No. ４１１１ １１１１ １１１１ １１１１!'])).toBe('No. [card]!');
  expect(screened(cards, ['4111\u200b 1111 1111\u2060 11\u200d11.'])).toBe('[card].');
  expect(screened(sets.get('email')!, ['anna＠example．com'])).toBe('[email]');
});

test('a number inside a longer one, or behind another, is told apart', () => {
  const cards = sets.get('payment-card')!;
  expect(screened(cards, ['94111111111111111'])).toBe('94111111111111111');
  expect(screened(cards, ['2 4111 1111 1111 1111 3'])).toBe('2 [card] 3');
  expect(screened(sets.get('iban')!, ['IBAN DE89 3704 0044 0532 0130 00 and more'])).toBe('IBAN [iban] and more');
});

test('several kinds of one rule have a placeholder and a name each', () => {
  const guard = new RuleGuard(setOf(['email', 'iban']));
  expect(guard.push('anna@example.com, DE89370400440532013000. ')).toEqual({
    text: '[email], [iban]. ',
    blocked: false,
    findings: [
      { rule: 'own/email', category: 'personal-data', action: 'redact' },
      { rule: 'own/iban', category: 'personal-data', action: 'redact' },
    ],
  });
});

/** Of each kind this many real ones and near misses. */
const count = 300;

/** Also how many of the real ones are taken for real with all their digits changed: what a check is worth. */
describe('precision and recall on generated ones', () => {
  const docs = readFileSync('docs/safety.md', 'utf8');

  test.each(entityNames)('%s: what docs/safety.md says', (name) => {
    const random = new Random(3 + entityNames.indexOf(name));
    const isFound = (sample: string) => {
      const text = `${random.pick(['', 'It is ', 'See: '])}${sample}${random.pick([' now', '.', ', ok', ''])}`;
      const at = random.between(0, text.length);
      const all = [[text], text.split(''), [text.slice(0, at), text.slice(at)]].map((cut) =>
        screened(sets.get(name)!, cut),
      );
      expect(new Set(all).size).toBe(1);
      return all[0] !== text;
    };
    const real = Array.from({ length: count }, () => samples[name].real(random)).filter(isFound).length;
    const alarms = Array.from({ length: count }, () => samples[name].nearMiss(random)).filter(isFound).length;
    const byChance = (sample: string) => sample.replaceAll(/\d/g, () => String(random.below(10)));
    const chance = Array.from({ length: count }, () => byChance(samples[name].real(random))).filter(isFound).length;
    const [precision, recall, share] = [real / (real + alarms), real / count, chance / count];
    const row = `| \`${name}\` | ${precision.toFixed(3)} | ${recall.toFixed(3)} | ${(100 * share).toFixed(1)}% |`;
    expect(docs).toContain(row);
  });
});

test('a run of candidates without an end is kept in bounds, and the last of them is still found', () => {
  const text = `${'12 '.repeat(20_000)}4111 1111 1111 1111.`;
  expect(screened(sets.get('payment-card')!, [text])).toBe(`${'12 '.repeat(20_000)}[card].`);
});
