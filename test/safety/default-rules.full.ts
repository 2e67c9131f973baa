/** The default rules on real dialogues about restaurants, travel, banking: nothing in them may be touched. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { loadSafety } from './rule-filter.js';

const dialogues = new URL('../../../shared/data/eval/dialogues.jsonl', import.meta.url);

test('no message of the dialogues is blocked or redacted, neither as a prompt nor as an output', () => {
  const safety = loadSafety(null);
  const messages = readFileSync(fileURLToPath(dialogues), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .flatMap((line) => (JSON.parse(line) as { messages: { content: string | null }[] }).messages)
    .flatMap(({ content }) => content ?? []);
  expect(messages.length).toBeGreaterThan(1000);

  const touched = messages.filter((content) => {
    const prompt = safety.screenPrompt(content);
    const guard = safety.guardOutput();
    const output = [guard.push(content), guard.end()];
    const isWhole = prompt.text === content && output.map(({ text }) => text).join('') === content;
    return prompt.blocked || output.some(({ blocked }) => blocked) || !isWhole;
  });
  expect(touched).toEqual([]);
});
