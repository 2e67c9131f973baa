import { describe, expect, test } from 'vitest';
import { normalTerm } from '#octavo/safety/normalizer.js';
import { TermAutomaton } from '#octavo/safety/term-automaton.js';
import { TermScanner } from '#octavo/safety/term-scanner.js';

function scanner(terms: readonly string[], word: boolean) {
  const automaton = new TermAutomaton(terms.map((term, rule) => ({ codes: normalTerm(term, word), rule })));
  const found: [term: string, start: number, end: number][] = [];
  const scanner = new TermScanner(automaton, (rule, start, end) => found.push([terms[rule]!, start, end]));
  let at = 0;
  return {
    found,
    read(text: string): number {
      for (const character of text) {
        scanner.read(character.codePointAt(0)!, at, at + character.length);
        at += character.length;
      }
      return scanner.liveFrom;
    },
    end(): void {
      scanner.end(at);
    },
  };
}

describe('anywhere', () => {
  test('finds terms inside one another and behind one another', () => {
    const { read, found } = scanner(['he', 'she', 'his', 'hers'], false);
    read('ushers');
    expect(found).toEqual([
      ['she', 1, 4],
      ['he', 2, 4],
      ['hers', 2, 6],
    ]);
  });

  test('a term is live while it can grow, and not a character longer', () => {
    const { read } = scanner(['she', 'hers'], false);
    expect(read('xx')).toBe(Number.POSITIVE_INFINITY);
    expect(read('s')).toBe(2);
    expect(read('h')).toBe(2);
    // "she" is complete; what can still grow is "he".
    expect(read('e')).toBe(3);
    expect(read('r')).toBe(3);
    expect(read('s')).toBe(6);
    expect(read('x')).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('as a word', () => {
  test('needs a boundary on both sides', () => {
    const { read, end, found } = scanner(['ass'], true);
    read('class assess ass, Ass');
    end();
    expect(found).toEqual([
      ['ass', 13, 16],
      ['ass', 18, 21],
    ]);
  });

  test('is live only where it may begin, and until its boundary is decided', () => {
    const { read } = scanner(['ass'], true);
    expect(read('cl')).toBe(Number.POSITIVE_INFINITY);
    expect(read('ass')).toBe(Number.POSITIVE_INFINITY);
    expect(read(' a')).toBe(6);
    expect(read('ss')).toBe(6);
    expect(read('\u200b')).toBe(6);
    expect(read('e')).toBe(Number.POSITIVE_INFINITY);
  });

  test('a mark on the last letter makes another word', () => {
    const { read, end, found } = scanner(['cafe', 'café'], true);
    read('cafe\u0301 café');
    end();
    expect(found).toEqual([
      ['café', 0, 5],
      ['café', 6, 10],
    ]);
  });

  test('scripts without spaces have words anywhere, but never a part of a character', () => {
    const { read, end, found } = scanner(['悪い', 'か', '가'], true);
    read('とても悪いがか각가a');
    end();
    expect(found).toEqual([
      ['悪い', 3, 5],
      ['か', 6, 7],
      ['가', 8, 9],
    ]);
  });
});
