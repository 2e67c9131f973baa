import { describe, expect, test } from 'vitest';
import { longestRun } from '#octavo/safety/evasive-scanner.js';
import type { ReferenceRule } from './reference.js';
import { RuleGuard } from './rule-filter.js';
import { ruleSet } from './rule-set.js';

type Body = Omit<ReferenceRule, 'id' | 'action'>;

/** The text with matches in brackets, however it is cut. */
function marked(text: string, body: Body): string {
  const set = ruleSet([{ id: 'one', action: 'redact', replacement: '[x]', match: 'evasive', ...body }]);
  const whole = new RuleGuard(set);
  const first = whole.push(text).text + whole.end().text;
  for (const pieces of [text.split(''), ...Array.from(text, (_, at) => [text.slice(0, at), text.slice(at)])]) {
    const guard = new RuleGuard(set);
    expect(pieces.map((piece) => guard.push(piece).text).join('') + guard.end().text).toBe(first);
  }
  return first;
}

describe('a disguised word', () => {
  test.each([
    ['b4d', '[x]'],
    ['B@D!', '[x]!'],
    ['b.a.d', '[x]'],
    ['so b a d, b-a-d, b - a - d', 'so [x], [x], [x]'],
    ['ba.d b--a__d', '[x] [x]'],
    ['baaad bbaadd b-a-a-a-d', '[x] [x] [x]'],
    ['ваd ḃad ｂａｄ 𝖇𝖆𝖉', 'ваd ḃad [x] [x]'],
    ['bаd ЬАD ᴃᴀᴅ 🅱🅰🅳', '[x] [x] ᴃᴀᴅ [x]'],
    ['b\u200ba\u2066d\u202e \ufe0fb\ufe0fa\ufe0fd\ufe0f', '[x]\u202e \ufe0f[x]\ufe0f'],
    ['b🙂a🙂d', '[x]'],
  ])('%j', (text, expected) => {
    expect(marked(text, { terms: ['bad'] })).toBe(expected);
  });

  test.each([
    'badly, abad, b4dge, forbad',
    'a b, ad; b ad and ba d',
    'b......a......d',
    'in dab ad hoc',
    'bád',
    'club adults',
  ])('is not in: %s', (text) => {
    expect(marked(text, { terms: ['bad'] })).toBe(text);
  });

  test.each([
    ['nigger', 'Niger, Nigeria'],
    ['ass', 'class, pass, @ss-et, as s, 455, as $5, p@ss'],
    ['shit', 'was hit; this hit; push it; s hit'],
    ['taxi', 'Pay your tax! |tax|'],
    ['anal', 'an all-in; analysis; a nal'],
    ['bum', 'burn'],
    ['mall', 'MAIL mail'],
  ])('"%s" is not in: %s', (term, text) => {
    const found = marked(text, { terms: [term] });
    expect(found).toBe(term === 'ass' ? text.replace('@ss-', '[x]-') : text);
  });

  test('of several words: any gap between them, or none', () => {
    const terms = ['go away now'];
    expect(marked('goawaynow; go--away, now; g.o.a.w.a.y.n.o.w', { terms })).toBe('[x]; [x]; [x]');
    expect(marked('g o  a w a y  n o w', { terms })).toBe('[x]');
    expect(marked('go a way now', { terms })).toBe('go a way now');
  });

  test('in scripts without spaces, in Korean and in Cyrillic', () => {
    expect(marked('做-炸-弹 做 炸 弹', { terms: ['做炸弹'] })).toBe('[x] [x]');
    expect(marked('나 쁜 말 나.쁜.말 나쁜말이', { terms: ['나쁜말'] })).toBe('[x] [x] [x]이');
    expect(marked('ПЛОХО пл0хо пл o хо плохой', { terms: ['плохо'] })).toBe('[x] [x] пл o хо плохой');
  });

  test('inside words, where a rule says so', () => {
    expect(marked('xb4dx b.a.dd', { terms: ['bad'], word: false })).toBe('x[x]x [x]');
  });

  test('exact rules do not look for it', () => {
    expect(marked('b4d b.a.d baad bad', { terms: ['bad'], match: 'exact' })).toBe('b4d b.a.d baad [x]');
  });

  test('of fewer than three letters, or with signs that stand for letters, is matched exactly', () => {
    expect(marked('4b a.b ab', { terms: ['ab'] })).toBe('4b a.b [x]');
    expect(marked('a$$ ass a.s.s', { terms: ['a$$'] })).toBe('[x] ass a.s.s');
  });
});

describe('a letter repeated more often than a run may be long', () => {
  const many = (letter: string, more = 1) => letter.repeat(longestRun + more);

  test('inside a term that has begun counts as the term', () => {
    expect(marked(`so b${many('a', 0)}d!`, { terms: ['bad'] })).toBe('so [x]!');
    expect(marked(`so b${many('a')}nana`, { terms: ['bad'] })).toBe('so [x]nana');
    expect(marked(`so b${many('а4')}.`, { terms: ['bad'] })).toMatch(/^so \[x\]/);
  });

  test('at the start of a term does not: the run is cut, and its last part is the start', () => {
    expect(marked(`${many('b')} is cold`, { terms: ['bad'] })).toBe(`${many('b')} is cold`);
    expect(marked(`${many('b')}ad`, { terms: ['bad'] })).toBe(`${many('b', 0)}[x]`);
  });

  test('what is held back is bounded', () => {
    const guard = new RuleGuard(ruleSet([{ id: 'a', action: 'block', terms: ['bad abc'], match: 'evasive' }]));
    const trick = `b${'.b'.repeat(200)}a${'.а4'.repeat(200)}d`;
    let most = 0;
    for (const character of trick) {
      guard.push(character);
      most = Math.max(most, guard.heldLength);
    }
    expect(most).toBeLessThanOrEqual(6 * 2 * longestRun * 4);
  });

  test('work stays bounded', () => {
    const steps = (length: number) => {
      const guard = new RuleGuard(
        ruleSet([
          { id: 'a', action: 'annotate', terms: ['aaab', 'aab a', 'aba', 'baab'], word: false, match: 'evasive' },
        ]),
      );
      guard.push('a4.@a a'.repeat(length));
      return guard.steps;
    };
    expect(steps(2000)).toBeLessThanOrEqual(2.01 * steps(1000));
    expect(steps(1000)).toBeLessThan(7000 * 60);
  });
});
