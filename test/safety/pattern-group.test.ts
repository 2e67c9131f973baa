import { expect, test } from 'vitest';
import { compilePattern } from '#octavo/safety/pattern.js';
import { Beginners, PatternGroup } from '#octavo/safety/pattern-group.js';
import { PatternScanner } from '#octavo/safety/pattern-scanner.js';
import { Random } from '../support/random.js';

const sources = ['\\bab', 'b{2,3}', 'a.c', '(?:é|b)c', '^a', 'c$', 'a\\B'];

function groupOf(patterns: readonly string[], found: string[]): PatternGroup {
  const compiled = patterns.map(compilePattern);
  return new PatternGroup(new Beginners(compiled), (past) =>
    compiled.map((pattern, rule) => {
      const report = (_: number, start: number, end: number) => found.push(`${patterns[rule]} ${start} ${end}`);
      return new PatternScanner(pattern, { rule, report, past });
    }),
  );
}

/** What a group finds, and from where on it is live after each character. */
function scanned(patterns: readonly string[], text: string) {
  const found: string[] = [];
  const group = groupOf(patterns, found);
  const live = Array.from(text, (character, at) => {
    group.read(character.codePointAt(0)!, at, at + 1);
    return group.liveFrom;
  });
  group.end(text.length);
  return { found: found.sort(), live };
}

test('a group finds what each pattern finds alone, and is live while one of them is', () => {
  const random = new Random(8);
  for (let round = 0; round < 300; round++) {
    const text = random.text(['a', 'b', 'c', ' ', 'é', '字'], 12);
    const alone = sources.map((source) => scanned([source], text));
    const together = scanned(sources, text);
    expect(together.found, text).toEqual(alone.flatMap(({ found }) => found).sort());
    const earliest = together.live.map((_, at) => Math.min(...alone.map(({ live }) => live[at]!)));
    expect(together.live, text).toEqual(earliest);
  }
});

test('patterns that cannot begin cost nothing', () => {
  const steps = (patterns: readonly string[]) => {
    const group = groupOf(patterns, []);
    for (let at = 0; at < 1000; at++) group.read(0x78, at, at + 1);
    return group.steps;
  };
  expect(steps(Array.from({ length: 200 }, (_, at) => `a${at}`))).toBe(steps(['a']));
});
