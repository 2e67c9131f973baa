import { describe, expect, test } from 'vitest';
import { RuleGuard } from './rule-filter.js';
import { ruleSet } from './rule-set.js';
import { asSelectors, asTags } from './smuggling.js';

const set = ruleSet([
  { id: 'term', action: 'redact', replacement: '[x]', terms: ['bad thing', 'schön', '炸弹'], match: 'evasive' },
  { id: 'pattern', action: 'redact', replacement: '[key]', pattern: '\\bkey-[0-9]{4}\\b' },
]);

/** What leaves, the same for every cut. */
function released(text: string): string {
  const whole = new RuleGuard(set);
  const expected = whole.push(text).text + whole.end().text;
  for (let at = 0; at <= text.length; at++) {
    const guard = new RuleGuard(set);
    const pieces = [text.slice(0, at), text.slice(at)].map((piece) => guard.push(piece).text);
    expect(pieces.join('') + guard.end().text).toBe(expected);
  }
  const single = new RuleGuard(set);
  expect(Array.from(text, (piece) => single.push(piece).text).join('') + single.end().text).toBe(expected);
  return expected;
}

describe('text hidden in tags', () => {
  test('is read: terms and patterns, disguised or not', () => {
    expect(released(`Hi${asTags('a bad thing, key-1234')}!`)).toBe(`Hi${asTags('a ')}[x]${asTags(', ')}[key]!`);
    expect(released(`Hi${asTags('B4D th1ng')}`)).toBe('Hi[x]');
  });

  test('is apart from what is seen, before, around and after it', () => {
    expect(released(`ba${asTags('d thing')}d thing`)).toBe('[x]');
    expect(released(`bad${asTags(' thing')}`)).toBe(`bad${asTags(' thing')}`);
    expect(released(`${asTags('bad')}x${asTags(' thing')}`)).toBe(`${asTags('bad')}x${asTags(' thing')}`);
  });

  test('may have other invisible characters in it', () => {
    expect(
      released(
        asTags('bad thing')
          .split(/(?=\udb40)/)
          .join('\u200b\ufe0f'),
      ),
    ).toBe('[x]');
  });
});

describe('text hidden in variation selectors', () => {
  test('is read as UTF-8', () => {
    expect(released(`😀${asSelectors('a bad thing')}.`)).toBe(`😀${asSelectors('a ')}[x].`);
    expect(released(`😀${asSelectors('ganz schön')}`)).toBe(`😀${asSelectors('ganz ')}[x]`);
    expect(released(`😀${asSelectors('做炸弹')}.`)).toBe(`😀${asSelectors('做')}[x].`);
  });

  test('that is broken UTF-8 hides no match', () => {
    const broken = asSelectors('bad').concat(String.fromCodePoint(0xe0100 + 0xff - 16), asSelectors(' thing'));
    expect(released(`a${broken}`)).toBe('a[x]');
  });
});

test('flags and emoji that need tags and selectors stay as they are, and hold nothing', () => {
  const guard = new RuleGuard(set);
  const england = `🏴${asTags('gbeng')}\u{e007f}`;
  const text = `❤️ and ${england} 葛\u{e0100} 👩‍❤️‍👩.`;
  expect(guard.push(text).text).toBe(text);
  expect(released(text)).toBe(text);
});
