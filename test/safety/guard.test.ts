import { describe, expect, test } from 'vitest';
import type { ReferenceRule } from './reference.js';
import { RuleGuard } from './rule-filter.js';
import { ruleSet } from './rule-set.js';

type RuleBody = Omit<ReferenceRule, 'id'>;

const guard = (...rules: RuleBody[]) =>
  new RuleGuard(ruleSet(rules.map((rule, index) => ({ id: `r${index}`, ...rule }))));

/** What leaves with each piece; the last is what leaves at the end; `!` stands for the block. */
function released(stream: RuleGuard, pieces: readonly string[]): string[] {
  const all = pieces.map((piece) => stream.push(piece));
  return [...all, stream.end()].map(({ text, blocked }) => (blocked ? `${text}!` : text));
}

const block = (...terms: string[]): RuleBody => ({ action: 'block', terms });
const redact = (...terms: string[]): RuleBody => ({ action: 'redact', replacement: '[x]', terms });

describe('text leaves as soon as no rule can match it any more', () => {
  test('text that begins no term leaves at once, character by character', () => {
    const pieces = 'Is a table for two ok? Yes.'.split('');
    expect(released(guard(block('password')), pieces.slice(0, 12))).toEqual([...pieces.slice(0, 12), '']);
  });

  test('the beginning of a term waits, and leaves when the term is not completed', () => {
    expect(released(guard(block('bad word')), ['a ', 'ba', 'd', ' wo', 'lf'])).toEqual([
      'a ',
      '',
      '',
      '',
      'bad wolf',
      '',
    ]);
  });

  test('a complete term waits for the character that decides its boundary, or for the end', () => {
    expect(released(guard(block('bad')), ['bad', 'ly'])).toEqual(['', 'badly', '']);
    expect(released(guard(block('bad')), ['bad', '!'])).toEqual(['', '!', '!']);
    expect(released(guard(block('bad')), ['so bad'])).toEqual(['so ', '!']);
  });

  test('a term inside a word is not held back', () => {
    expect(released(guard(block('ass')), ['cl', 'ass', 'ic'])).toEqual(['cl', 'ass', 'ic', '']);
  });

  test('the start of a longer term is held until the longer one is decided', () => {
    const rules = [redact('new'), { ...redact('new york'), replacement: '[city]' }];
    expect(released(guard(...rules), ['new ', 'yor', 'k!'])).toEqual(['', '', '[city]!', '']);
    expect(released(guard(...rules), ['new ', 'yoghurt'])).toEqual(['', '[x] yoghurt', '']);
  });

  test('half a surrogate pair waits for the other half, and a lone one leaves at the end', () => {
    expect(released(guard(block('bad')), ['a\ud83d', '\ude42x', '\ud83d'])).toEqual(['a', '🙂x', '', '\ud83d']);
    expect(released(guard(redact('🙂')), ['\ud83d', '\ude42', '!'])).toEqual(['', '', '[x]!', '']);
  });

  test('zero-width characters inside a term are covered, those around it are not', () => {
    expect(released(guard(redact('bad')), ['\u200bb\u200b', 'a\u200bd', '\u200b.'])).toEqual([
      '\u200b',
      '',
      '[x]\u200b.',
      '',
    ]);
  });

  test('a mark that comes later makes another letter', () => {
    expect(released(guard(redact('cafe')), ['cafe', '\u0301 cafe'])).toEqual(['', 'cafe\u0301 ', '[x]']);
    expect(released(guard(redact('café')), ['cafe', '\u0301', ' cafe'])).toEqual(['', '', '[x] ', 'cafe']);
  });

  test('patterns are held exactly too', () => {
    const rule: RuleBody = { action: 'redact', replacement: '[key]', pattern: '\\bkey-[0-9]{4}\\b' };
    expect(released(guard(rule), ['a k', 'itten key-', '12', '34', '5 key-1234.'])).toEqual([
      ...['a ', 'kitten ', '', '', 'key-12345 [key].', ''],
    ]);
  });
});

describe('blocks and redactions', () => {
  test('nothing of a block leaves, and nothing after it', () => {
    expect(released(guard(block('bad')), ['good b', 'ad thing', ' more'])).toEqual(['good ', '!', '!', '!']);
  });

  test('an earlier match that has begun is awaited before a block counts', () => {
    const rules = [redact('one bad apple'), block('bad')];
    expect(released(guard(...rules), ['one bad ', 'apple '])).toEqual(['', '!', '!']);
    expect(released(guard(...rules), ['one bad ', 'pear '])).toEqual(['', 'one !', '!']);
  });

  test('a redaction right before a block leaves its replacement', () => {
    expect(released(guard(redact('foo'), block('bad')), ['foo bad.'])).toEqual(['[x] !', '!']);
  });

  test('overlapping redactions are replaced once, by the leftmost and longest', () => {
    const stream = guard(
      redact('a b'),
      { ...redact('b c'), replacement: '[y]' },
      { ...redact('a b c'), replacement: '[z]' },
    );
    const safe = stream.push('see a b c.');
    expect(safe.text).toBe('see [z].');
    expect(safe.findings.map(({ rule }) => rule)).toEqual(['r0', 'r2', 'r1']);
  });

  test('a run of overlapping occurrences is one span', () => {
    expect(released(guard({ action: 'redact', replacement: '#', pattern: '[0-9]{3}' }), ['12 1234567 123'])).toEqual([
      ...['12 # ', '#'],
    ]);
  });

  test('a replacement is not screened again', () => {
    expect(released(guard({ ...redact('foo'), replacement: 'bad' }, block('bad')), ['foo', ' ok'])).toEqual([
      '',
      'bad ok',
      '',
    ]);
  });

  test('a finding names the rule, and not the text', () => {
    const stream = guard({ action: 'annotate', terms: ['hello'] });
    expect(stream.push('hello there')).toEqual({
      text: 'hello there',
      blocked: false,
      findings: [{ rule: 'r0', category: 'test', action: 'annotate' }],
    });
  });

  test('empty pieces and an empty text change nothing', () => {
    expect(released(guard(block('bad')), ['', 'b', '', 'a', '', 'x', ''])).toEqual(['', '', '', '', '', 'bax', '', '']);
    expect(released(guard(block('bad')), [])).toEqual(['']);
  });

  test('without rules everything leaves at once', () => {
    expect(released(guard(), ['any ', 'thing'])).toEqual(['any ', 'thing', '']);
  });
});

describe('work', () => {
  const rules = [
    block('aaaaaaaaaaaaaaab', 'aaab c'),
    redact('abcabd'),
    { action: 'redact', pattern: 'a{1,30}c' } as const,
  ];

  /** Elementary steps for a text that begins matches all the time. */
  function steps(length: number, pieceLength: number): number {
    const stream = guard(...rules);
    const text = 'aaaaaaaaaaaaaaa abcab '.repeat(Math.ceil(length / 22)).slice(0, length);
    for (let at = 0; at < length; at += pieceLength) stream.push(text.slice(at, at + pieceLength));
    stream.end();
    return stream.steps;
  }

  test('does not depend on the pieces', () => {
    expect(steps(4400, 1)).toBe(steps(4400, 4400));
  });

  test('a text may hold any number of matches, even all overlapping', () => {
    const stream = guard({ action: 'redact', replacement: '#', pattern: 'a{2}' }, { action: 'annotate', pattern: 'a' });
    const safe = stream.push(`${'a'.repeat(300_000)}.`);
    expect(safe.text).toBe('#.');
    expect(safe.findings).toHaveLength(300_001);
    const redactions = guard({ action: 'redact', pattern: 'a{2}' }, { action: 'redact', pattern: 'a' });
    expect(redactions.push(`${'a'.repeat(300_000)}.`).text).toBe('[redacted].');
  });

  test('grows linearly with the text', () => {
    const once = steps(22_000, 7);
    expect(steps(44_000, 7)).toBeLessThanOrEqual(2 * once);
    expect(once).toBeLessThan(22_000 * 60);
  });
});
