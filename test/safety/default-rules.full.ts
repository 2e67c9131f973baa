/** The default rules on real dialogues about restaurants, travel, banking: only telephone numbers may be touched. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { loadSafety } from './rule-filter.js';

const dialogues = new URL('../../../shared/data/eval/dialogues.jsonl', import.meta.url);

test('no message of the dialogues is touched, but for telephone numbers in outputs', () => {
  const safety = loadSafety(null);
  const messages = readFileSync(fileURLToPath(dialogues), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .flatMap((line) => (JSON.parse(line) as { messages: { content: string | null }[] }).messages)
    .flatMap(({ content }) => content ?? []);
  expect(messages.length).toBeGreaterThan(1000);

  const touched = messages.flatMap((content) => {
    const prompt = safety.screenPrompt(content);
    const guard = safety.guardOutput();
    const output = [guard.push(content), guard.end()].flatMap(({ findings }) => findings);
    const others = [...prompt.findings, ...output].filter(({ rule }) => rule !== 'contact/phone');
    return others.length === 0 ? [] : [[content, others]];
  });
  expect(touched).toEqual([]);
});
