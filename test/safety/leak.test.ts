/** Every rule of the default list, cut at every place: not a character of what it covers leaves. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { defaultRulesFile, loadRuleScreen } from '#octavo/safety/rule-filter.js';
import { blocked, replaced } from './default-samples.js';
import { loadSafety } from './rule-filter.js';

interface Source {
  readonly id: string;
  readonly action: string;
  readonly direction?: string;
  readonly terms?: string[];
}

const safety = loadSafety(null);
const { rules } = parse(readFileSync(defaultRulesFile, 'utf8')) as { rules: Source[] };
const lead = 'Fine so far: ';
const tail = ', and then more.';

const blocking = rules.filter(({ action, direction }) => action === 'block' && direction !== 'prompt');
const harmful = [...blocking.flatMap(({ id, terms = [] }) => terms.map((term) => [id, term] as const)), ...blocked];

/** What leaves of an output cut in two at this place. */
function leaving(text: string, at: number): string {
  const guard = safety.guardOutput();
  return guard.push(text.slice(0, at)).text + guard.push(text.slice(at)).text + guard.end().text;
}

function everyCut(text: string): Set<string> {
  return new Set(Array.from({ length: text.length + 1 }, (_, at) => leaving(text, at)));
}

test('the samples are of every rule that covers something of an output', () => {
  const wanted = loadRuleScreen(null).open({ direction: 'output' });
  expect(wanted.read('').spans).toEqual([]);
  const ids = new Set([...harmful, ...replaced].map(([id]) => id.split('/')[0]));
  expect([...ids].sort()).toEqual(
    rules
      .filter(({ direction }) => direction !== 'prompt')
      .map(({ id }) => id)
      .sort(),
  );
});

test('what is blocked: only the text before it leaves', () => {
  for (const [id, match] of harmful) expect(everyCut(lead + match + tail), id).toEqual(new Set([lead]));
});

test('what is replaced: only its replacement leaves', () => {
  for (const [id, match, replacement] of replaced) {
    expect(everyCut(lead + match + tail), id).toEqual(new Set([lead + replacement + tail]));
  }
});
