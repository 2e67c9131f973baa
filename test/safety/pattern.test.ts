import { describe, expect, test } from 'vitest';
import { Past } from '#octavo/safety/past.js';
import { compilePattern } from '#octavo/safety/pattern.js';
import { PatternScanner } from '#octavo/safety/pattern-scanner.js';

describe('compiling', () => {
  test.each([
    ['abc', 3],
    ['a{2,5}b?', 6],
    ['(?:ab|c{1,7}){2}', 14],
    ['\\bx\\b', 1],
    ['(?i)straße🙂.', 8],
    ['.{1,1000}.{24}', 1024],
  ])('knows the longest match of %s', (source, longest) => {
    expect(compilePattern(source).longest).toBe(longest);
  });

  test.each(['a*', 'a+', 'xa{2,}', '(?:ab)*c', 'a*?b', '(a+){2}', '(?:a|b+)c'])('refuses %s: no bound', (source) => {
    expect(() => compilePattern(source)).toThrow(/no longest match.*\{0,64\}/);
  });

  test.each([
    ['a?', 'matches the empty text'],
    ['\\b', 'matches the empty text'],
    ['.{1,1000}.{25}', 'could match 1025 characters; at most 1024'],
    ['[^\\x00-\\x{10FFFF}]', 'can never match'],
    ['(?=a)b', 'RE2 syntax'],
    ['(a)\\1', 'RE2 syntax'],
    ['a(', 'is not valid'],
    ['(?:[ab]?[cd]?[ef]?[gh]?[ij]?){900}k', 'is too large'],
  ])('refuses %s: %s', (source, reason) => {
    expect(() => compilePattern(source)).toThrow(reason);
  });

  test('many ways to one instruction cost no more than one', () => {
    expect(compilePattern(`${'(?:\\b|^|\\B|$)'.repeat(60)}a`).longest).toBe(1);
  });
});

describe('scanning', () => {
  function scan(source: string, text: string) {
    const found: [start: number, end: number][] = [];
    const past = new Past();
    const scanner = new PatternScanner(compilePattern(source), {
      rule: 0,
      past,
      report: (_rule, start, end) => found.push([start, end]),
    });
    const live: number[] = [];
    let at = 0;
    for (const character of text) {
      scanner.read(character.codePointAt(0)!, at);
      past.add(character.codePointAt(0)!);
      at += character.length;
      live.push(scanner.liveFrom);
    }
    scanner.end(at);
    return { found, live, steps: scanner.steps };
  }
  const none = Number.POSITIVE_INFINITY;

  test('reports each end with the earliest start', () => {
    expect(scan('a{2,3}', 'aaaa').found).toEqual([
      [0, 2],
      [0, 3],
      [1, 4],
    ]);
  });

  test.each([
    ['^a', 'aa', [[0, 1]]],
    ['a$', 'aa', [[1, 2]]],
    [
      '(?m)^a$',
      'a\nab\na',
      [
        [0, 1],
        [5, 6],
      ],
    ],
    ['\\ba', 'a ba é', [[0, 1]]],
    ['a\\B', 'aa a', [[0, 1]]],
    ['a.c', 'a\nc a🙂c', [[4, 8]]],
    [
      '(?i)k',
      'K\u212a',
      [
        [0, 1],
        [1, 2],
      ],
    ],
  ])('%s in %j', (source, text, expected) => {
    expect(scan(source, text).found).toEqual(expected);
  });

  test('is live exactly while a match has begun', () => {
    expect(scan('\\bkey[0-9]{2}\\b', 'a key1 monkey key12').live).toEqual([
      ...[none, none, 2, 2, 2, 2, none],
      ...[none, none, none, none, none, none, none],
      ...[14, 14, 14, 14, 14],
    ]);
  });

  test('does bounded work for a character, however many matches have begun', () => {
    const source = '[ab]{1,200}c';
    const size = compilePattern(source).instructions.length;
    const { steps } = scan(source, 'ab'.repeat(2000));
    expect(steps).toBeLessThan(4000 * (size + 1));
    // All starts are alike after the first two hundred characters: the work does not grow any more.
    expect(scan(source, 'ab'.repeat(4000)).steps - steps).toBeLessThan(1.1 * steps);
  });
});
