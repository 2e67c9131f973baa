/** The stop matcher: the same result for every way of cutting a text, and never a part of a stop string. */
import { describe, expect, test } from 'vitest';
import { StopMatcher } from '#octavo/batcher/stop-matcher.js';
import { firstStop } from '../support/owned-tokens.js';
import { Random } from '../support/random.js';

interface Matched {
  readonly text: string;
  readonly stopped: boolean;
}

/**
 * What leaves in all. Throws when a delta releases what may still become part of a stop string, or holds back more.
 * No `expect` in here: it runs a hundred thousand times.
 */
function match(deltas: readonly string[], stops: readonly string[]): Matched {
  const matcher = new StopMatcher(stops);
  let [text, seen] = ['', ''];
  for (const delta of deltas) {
    const released = matcher.push(delta);
    text += released.text;
    seen += delta;
    if (released.stopped) return { text, stopped: true };
    const safe = seen.slice(0, seen.length - heldBack(seen, stops));
    if (text !== safe) throw new Error(`of "${seen}" "${text}" left instead of "${safe}"`);
  }
  return { text: text + matcher.flush(), stopped: false };
}

/** Length of the longest end of `seen` that begins a stop string. */
function heldBack(seen: string, stops: readonly string[]): number {
  for (let length = seen.length; length > 0; length--) {
    const end = seen.slice(seen.length - length);
    if (stops.some((stop) => stop.startsWith(end) && stop !== end)) return length;
  }
  return 0;
}

/** Every way of cutting a text into two and three deltas, and letter by letter. */
function everyCut(text: string): string[][] {
  const cuts = [[text], text.split('')];
  for (let a = 0; a <= text.length; a++) {
    for (let b = a; b <= text.length; b++) cuts.push([text.slice(0, a), text.slice(a, b), text.slice(b)]);
  }
  return cuts;
}

describe('every cut of the text gives the same', () => {
  test.each<[string, string, readonly string[], string]>([
    ['no stop strings', 'hello', [], 'hello'],
    ['none in the text', 'hello', ['world'], 'hello'],
    ['at the end', 'hello\n\n', ['\n\n'], 'hello'],
    ['at the start', 'STOP hello', ['STOP'], ''],
    ['in the middle', 'one END two', ['END'], 'one '],
    ['a near miss, then the thing', 'EN END', ['END'], 'EN '],
    ['a near miss at the end', 'one EN', ['END'], 'one EN'],
    ['a repeated beginning', 'aaab', ['aab'], 'a'],
    ['a beginning within a beginning', 'ababac', ['abac'], 'ab'],
    ['of two, the one that ends first', 'abcd', ['abcd', 'bc'], 'a'],
    ['of two that end together, the longer', 'xabc', ['c', 'abc', 'bc'], 'x'],
    ['one that begins another', 'ab abc', ['abc', 'ab'], ''],
    ['a longer one that fails inside, a shorter that matched', 'abx', ['abcd', 'bx'], 'a'],
    ['one letter', 'a.b', ['.'], 'a'],
    ['the same twice', 'a.b', ['.', '.'], 'a'],
    ['pairs of surrogates', 'so 🙂🙃 no', ['🙃'], 'so 🙂'],
    ['surrogates that share a half', 'so 🙂 no', ['🙃'], 'so 🙂 no'],
  ])('%s', (_, text, stops, expected) => {
    for (const cut of everyCut(text)) {
      expect(match(cut, stops), JSON.stringify(cut)).toEqual({ text: expected, stopped: expected !== text });
    }
  });

  test('random texts and overlapping stop strings, as the definition says', () => {
    const random = new Random(17);
    let stopped = 0;
    for (let round = 0; round < 1000; round++) {
      const stops = Array.from({ length: random.between(1, 4) }, () => random.text(['a', 'b'], random.between(2, 5)));
      const text = random.text(['a', 'b', 'c'], random.between(0, 12));
      const start = firstStop(text, stops);
      const expected = { text: text.slice(0, start ?? text.length), stopped: start !== null };
      if (expected.stopped) stopped++;
      for (const cut of everyCut(text)) {
        const matched = match(cut, stops);
        if (matched.text === expected.text && matched.stopped === expected.stopped) continue;
        expect(matched, `${JSON.stringify(cut)} with ${JSON.stringify(stops)}`).toEqual(expected);
      }
    }
    // The property says little unless both happen often.
    expect(stopped).toBeGreaterThan(200);
    expect(stopped).toBeLessThan(800);
  });
});

test('text after a stop string starts from nothing', () => {
  const matcher = new StopMatcher(['ab']);
  expect(matcher.push('xa')).toEqual({ text: 'x', stopped: false });
  expect(matcher.push('bc')).toEqual({ text: '', stopped: true });
  expect(matcher.flush()).toBe('');
});

test('flushing gives what was held back, once', () => {
  const matcher = new StopMatcher(['abc']);
  matcher.push('xab');
  expect(matcher.flush()).toBe('ab');
  expect(matcher.flush()).toBe('');
});
