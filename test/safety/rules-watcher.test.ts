import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { RulesWatcher } from '#octavo/safety/rules-watcher.js';

const folder = mkdtempSync(path.join(tmpdir(), 'octavo-rules-'));
const file = path.join(folder, 'rules.yaml');
let watcher: RulesWatcher | undefined;
afterEach(() => watcher?.file.close());
afterAll(() => rmSync(folder, { recursive: true }));

const rulesOf = (term: string) => `version: 1\nrules:\n  - {id: own, category: c, action: block, terms: [${term}]}\n`;

function watch() {
  const events: string[] = [];
  let told = () => {};
  const tell = (event: string) => {
    events.push(event);
    told();
  };
  watcher = new RulesWatcher(file, {
    read: (_, rules) => tell(`read ${rules}`),
    refused: ({ message }) => tell(message),
  });
  const next = () =>
    new Promise<void>((resolve) => {
      told = resolve;
    });
  return { watcher, events, next };
}

const finds = ({ screen }: RulesWatcher, text: string) =>
  screen.open({ direction: 'output' }).read(`${text} .`).spans.length > 0;

describe('a changed file', () => {
  test('counts for texts that begin from then on', () => {
    writeFileSync(file, rulesOf('first'));
    const { watcher, events } = watch();
    const running = watcher.screen.open({ direction: 'output' });
    writeFileSync(file, rulesOf('second'));
    watcher.file.check();
    watcher.file.check();
    expect(events).toEqual(['read 1']);
    expect([finds(watcher, 'first'), finds(watcher, 'second')]).toEqual([false, true]);
    expect(running.read('second first .').spans).toMatchObject([{ start: 7, end: 12 }]);
  });

  test('that is broken is told once, with its line, and the old rules stay', () => {
    writeFileSync(file, rulesOf('first'));
    const { watcher, events } = watch();
    writeFileSync(file, rulesOf('a').replace('block', 'blok'));
    watcher.file.check();
    watcher.file.check();
    expect(events).toHaveLength(1);
    expect(events[0]).toMatch(/rules\.yaml:3: rules\[0\]\.action: /);
    expect(finds(watcher, 'first')).toBe(true);
    writeFileSync(file, rulesOf('third'));
    watcher.file.check();
    watcher.file.check();
    expect(events).toEqual([events[0], 'read 1']);
    expect([finds(watcher, 'first'), finds(watcher, 'third')]).toEqual([false, true]);
  });

  test('that is being written does not count by half, though its half is whole rules', () => {
    writeFileSync(file, rulesOf('first'));
    const { watcher, events } = watch();
    const more = '  - {id: more, category: c, action: block, terms: [more]}\n';
    for (const written of [rulesOf('second'), rulesOf('second') + more]) {
      writeFileSync(file, written);
      watcher.file.check();
    }
    expect(events).toEqual([]);
    watcher.file.check();
    expect(events).toEqual(['read 2']);
  });

  test('that was broken and is as before again is told', () => {
    writeFileSync(file, rulesOf('first'));
    const { watcher, events } = watch();
    for (const written of ['version: 2', rulesOf('first')]) {
      writeFileSync(file, written);
      for (const _ of [1, 2, 3]) watcher.file.check();
    }
    expect(events).toEqual([expect.stringMatching(/rules\.yaml:1: version/), 'read 1']);
  });

  test('that is gone leaves the old rules, and counts when it is back', () => {
    writeFileSync(file, rulesOf('first'));
    const { watcher, events } = watch();
    rmSync(file);
    watcher.file.check();
    watcher.file.check();
    expect(events).toEqual([expect.stringMatching(/rules\.yaml cannot be read: there is no such file/)]);
    expect(finds(watcher, 'first')).toBe(true);
    writeFileSync(file, rulesOf('second'));
    watcher.file.check();
    watcher.file.check();
    expect(events.slice(1)).toEqual(['read 1']);
    expect(finds(watcher, 'second')).toBe(true);
  });

  test('is noticed by itself: written anew, and replaced by another', async () => {
    writeFileSync(file, rulesOf('first'));
    const { watcher, next } = watch();
    watcher.file.start(5);
    const written = next();
    writeFileSync(file, rulesOf('second'));
    await written;
    expect(finds(watcher, 'second')).toBe(true);
    const replaced = next();
    const other = path.join(folder, 'other.yaml');
    writeFileSync(other, rulesOf('third'));
    renameSync(other, file);
    await replaced;
    expect(finds(watcher, 'third')).toBe(true);
  });
});

test('a file that is broken at the start is refused', () => {
  writeFileSync(file, 'version: 2\nrules: []');
  expect(() => watch()).toThrow(/rules\.yaml:1: version/);
});
