/** The law of the stream guard for several screens: neither pieces nor the time of a verdict make a difference. */
import { expect, test } from 'vitest';
import { createSafety } from '#octavo/safety/filter.js';
import { compileRule } from '#octavo/safety/rule.js';
import { RuleScreen } from '#octavo/safety/rule-screen.js';
import type { Safety, StreamGuard } from '#octavo/safety/safety.js';
import type { Action, Progress, Screen } from '#octavo/safety/screen.js';
import { Random } from '../support/random.js';
import { scriptedScreen } from './scripted-screen.js';

const actions: readonly Action[] = ['block', 'redact', 'redact', 'annotate', 'allow'];

/** Answers after some turns, fewer or more each time. */
function slowly(random: Random) {
  return async (progress: Progress): Promise<Progress> => {
    for (let turns = random.below(4); turns > 0; turns--) await Promise.resolve();
    return progress;
  };
}

function randomScreens(random: Random): Screen[] {
  const rules = Array.from({ length: random.between(0, 2) }, (_, index) =>
    compileRule({
      ...{ id: `r${index}`, category: 'rule', action: random.pick(['block', 'redact', 'annotate'] as const) },
      ...{ direction: 'both', terms: [random.text(['a', 'b', ' '], random.between(1, 3)).trim() || 'a'], word: false },
    }),
  );
  const windows = Array.from({ length: random.between(1, 2) }, (_, index) =>
    scriptedScreen({
      ...{ name: `w${index}`, category: `w${index}`, word: random.text(['a', 'b', 'c'], random.between(1, 3)) },
      ...{ window: random.between(1, 7), action: random.pick(actions), score: 0.5 },
      ...(random.below(2) === 0 && { answer: slowly(random) }),
    }),
  );
  return random.below(2) === 0 ? [new RuleScreen(rules), ...windows] : [...windows, new RuleScreen(rules)];
}

async function screened(guard: StreamGuard, pieces: readonly string[]) {
  const all = [];
  for (const piece of pieces) all.push(await guard.push(piece));
  all.push(await guard.end());
  return {
    text: all.map(({ text }) => text).join(''),
    blocked: all.at(-1)!.blocked,
    findings: all.flatMap(({ findings }) => findings),
  };
}

function randomPieces(random: Random, text: string): string[] {
  const pieces: string[] = [];
  for (let at = 0; at < text.length; at += pieces.at(-1)!.length) {
    pieces.push(text.slice(at, at + random.between(1, 6)));
  }
  return pieces;
}

const open = (safety: Safety) => safety.guard({ direction: 'output', tenant: '', request: 'r' });

test('any way of cutting a text, and of answering, gives what the whole text gives', async () => {
  const random = new Random(20_261_125);
  const seen = { blocked: 0, changed: 0, untouched: 0 };
  for (let round = 0; round < 400; round++) {
    const safety = createSafety(randomScreens(random));
    const text = random.text(['a', 'b', 'c', ' '], random.between(0, 24));
    const whole = await screened(open(safety), [text]);
    for (let cut = 0; cut < 6; cut++) {
      const pieces = cut === 0 ? text.split('') : randomPieces(random, text);
      expect(await screened(open(safety), pieces), JSON.stringify([text, pieces])).toEqual(whole);
    }
    if (whole.blocked) seen.blocked += 1;
    else if (whole.text !== text) seen.changed += 1;
    else seen.untouched += 1;
  }
  for (const count of Object.values(seen)) expect(count).toBeGreaterThan(40);
});
