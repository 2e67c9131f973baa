/** Every term of the default list in every disguise: what docs/safety.md promises is found, and nothing of it leaves. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { confusables } from '#octavo/safety/confusables.js';
import { defaultRulesFile } from '#octavo/safety/rule-filter.js';
import { Random } from '../support/random.js';
import { covered, type Disguise, uncovered } from './evasions.js';
import { RuleGuard } from './rule-filter.js';
import { ruleSet } from './rule-set.js';

const { rules } = parse(readFileSync(defaultRulesFile, 'utf8')) as { rules: { terms?: string[] }[] };
const terms = rules.flatMap((rule) => rule.terms ?? []);
const docs = readFileSync('docs/safety.md', 'utf8');

const guardOf = (term: string) =>
  new RuleGuard(ruleSet([{ id: 'term', action: 'block', terms: [term], match: 'evasive' }]));

/** The text must be blocked with nothing of it released but what stands before; cut anywhere. */
function isCaught(term: string, text: string, random: Random): boolean {
  const lead = random.pick(['', 'Well: ', 'so… ', '好。']);
  const tail = random.pick(['', ' and more', '!', '。']);
  const whole = lead + text + tail;
  const at = random.between(0, whole.length);
  const results = [[whole], whole.split(''), [whole.slice(0, at), whole.slice(at)]].map((pieces) => {
    const guard = guardOf(term);
    const released = pieces.map((piece) => guard.push(piece));
    const all = [...released, guard.end()];
    return { text: all.map((piece) => piece.text).join(''), blocked: all.at(-1)!.blocked };
  });
  expect(new Set(results.map((result) => JSON.stringify(result))).size).toBe(1);
  const { text: released, blocked } = results[0]!;
  return blocked && (released === lead || released === `${lead}🙂`);
}

function share(disguise: Disguise): { readonly caught: number; readonly missed: string[] } {
  const random = new Random(11);
  const missed: string[] = [];
  let all = 0;
  for (const term of terms) {
    for (let round = 0; round < 3; round++) {
      const text = disguise(term, random);
      if (text === null) continue;
      all += 1;
      if (!isCaught(term, text, random)) missed.push(text);
    }
  }
  return { caught: (all - missed.length) / all, missed };
}

function expectRow(name: string, caught: number): void {
  const row = docs.split('\n').find((line) => line.startsWith(`| ${name} |`));
  expect(row, `docs/safety.md has a row for "${name}"`).toMatch(new RegExp(`\\| ${(100 * caught).toFixed(0)}% \\|$`));
}

describe('found, each time', () => {
  test.each(Object.keys(covered))('%s', (name) => {
    const { caught, missed } = share(covered[name]!);
    expect(missed).toEqual([]);
    expectRow(name, caught);
  });

  test('every look-alike of every letter', () => {
    const random = new Random(12);
    const missed = Object.entries(confusables).flatMap(([letter, codes]) => {
      const texts = codes.split(' ').map((code) => `mu${String.fromCodePoint(Number.parseInt(code, 16))}um`);
      return texts.filter((text) => !isCaught(`mu${letter}um`, text, random));
    });
    expect(missed).toEqual([]);
  });
});

describe('not found, and said so', () => {
  test.each(Object.keys(uncovered))('%s', (name) => {
    expectRow(name, share(uncovered[name]!).caught);
  });
});
