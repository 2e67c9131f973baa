/** The machine's limits: a control group's quota, and what is free. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { countThreads, kvMemoryDefault } from '#octavo/machine.js';

const folder = mkdtempSync(path.join(tmpdir(), 'octavo-machine-'));
const quotaFile = path.join(folder, 'cpu.max');

afterAll(() => {
  rmSync(folder, { recursive: true });
});

test.each<[string, number, number, RegExp]>([
  ['max 100000', 8, 8, /^the processors$/],
  ['400000 100000', 8, 4, /quota of 4 of 8/],
  ['250000 100000', 8, 2, /quota of 2.5 of 8/],
  ['50000 100000', 8, 1, /quota of 0.5 of 8/],
  ['1600000 100000', 8, 8, /^the processors$/],
  ['nonsense', 8, 8, /^the processors$/],
])('"%s" on %d processors is %d threads', (quota, processors, threads, reason) => {
  writeFileSync(quotaFile, `${quota}\n`);
  const count = countThreads(processors, quotaFile);
  expect(count.threads).toBe(threads);
  expect(count.reason).toMatch(reason);
});

test('without control groups it is the processors', () => {
  expect(countThreads(undefined, path.join(folder, 'absent')).threads).toBe(availableParallelism());
});

test('KV caches may take half of what is free, and a little in any case', () => {
  expect(kvMemoryDefault(4 * 2 ** 30)).toBe(2048);
  expect(kvMemoryDefault(0)).toBe(64);
});
