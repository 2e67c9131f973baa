/** A policy file that changes: what it says counts for texts that begin from then on; a broken one leaves the old policy. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createSafety, screenWhole } from '#octavo/safety/filter.js';
import { PolicyWatcher } from '#octavo/safety/policy-watcher.js';
import { scriptedScreen } from './scripted-screen.js';

const policyOf = (action: string, category = 'hate') =>
  `version: 1\npolicy:\n  - { category: ${category}, action: ${action} }\n`;

function watch() {
  const folder = mkdtempSync(path.join(tmpdir(), 'octavo-policy-'));
  const file = path.join(folder, 'policy.yaml');
  const events: string[] = [];
  const categories = ['hate'];
  writeFileSync(file, policyOf('redact'));
  const report = {
    read: (_: string, lines: number) => events.push(`read ${lines}`),
    refused: ({ message }: Error) => events.push(message),
  };
  const watcher = new PolicyWatcher(file, () => ({ categories, tenants: [] }), report);
  onTestFinished(() => {
    watcher.file.close();
    rmSync(folder, { recursive: true });
  });
  const safety = createSafety([scriptedScreen({ category: 'hate', score: 1 })], { policy: watcher.decideFor });
  const open = () => safety.guard({ direction: 'output', tenant: '', request: 'test' });
  return {
    ...{ events, categories, open, look: () => watcher.file.check() },
    write: (text: string) => {
      writeFileSync(file, text);
      // Two looks that read the same.
      for (const _ of [1, 2]) watcher.file.check();
    },
    actions: async () => (await screenWhole(open(), 'BAD')).findings.map(({ action }) => action),
  };
}

test('a changed policy counts for texts that begin from then on', async () => {
  const { write, actions, events, open } = watch();
  expect(await actions()).toEqual(['redact']);
  const running = open();
  write(policyOf('block'));
  expect(events).toEqual(['read 1']);
  expect(await actions()).toEqual(['block']);
  expect((await screenWhole(running, 'BAD')).findings).toMatchObject([{ action: 'redact' }]);
});

test('a broken one is told with its line, and the old policy stays', async () => {
  const { write, actions, events } = watch();
  write(policyOf('blok'));
  expect(events).toEqual([expect.stringMatching(/policy\.yaml:3: policy\[0\]\.action: /)]);
  expect(await actions()).toEqual(['redact']);
  write(policyOf('annotate'));
  expect(events.slice(1)).toEqual(['read 1']);
  expect(await actions()).toEqual(['annotate']);
});

test('a line may speak of what the rules find by then', async () => {
  const { write, events, categories } = watch();
  write(policyOf('block', 'secret'));
  expect(events).toEqual([expect.stringMatching(/no screen finds "secret"; categories are "hate"$/)]);
  categories.push('secret');
  write(policyOf('annotate', 'secret'));
  expect(events.slice(1)).toEqual(['read 1']);
});

test('a line that speaks of a rule which comes later is refused once, and counts when the rule is there', async () => {
  const { write, look, actions, events, categories } = watch();
  write(policyOf('block', 'hate').replace('}', '}\n  - { category: secret, action: block }'));
  for (const _ of [1, 2, 3]) look();
  expect(events).toEqual([expect.stringMatching(/no screen finds "secret"/)]);
  expect(await actions()).toEqual(['redact']);
  categories.push('other');
  for (const _ of [1, 2, 3]) look();
  expect(events.slice(1)).toEqual([expect.stringMatching(/categories are "hate", "other"$/)]);
  categories.push('secret');
  for (const _ of [1, 2, 3]) look();
  expect(events.slice(2)).toEqual(['read 2']);
  expect(await actions()).toEqual(['block']);
});
