/** The files of the safety filter are looked at while a server runs, and no longer; not at all where one is refused. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { readConfig } from '#octavo/config.js';
import { openScreening } from '#octavo/screening.js';
import { Metrics } from '#octavo/server/metrics.js';
import { reportSafety } from '#octavo/server/safety-report.js';
import { temporaryFolder } from './support/folders.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const folder = temporaryFolder();
const safety = path.join(folder, 'rules.yaml');
const safetyPolicy = path.join(folder, 'policy.yaml');
writeFileSync(safety, 'version: 1\nrules:\n  - { id: own, category: own, action: block, terms: [word] }\n');

function open(category: string, auditLog: string | null) {
  writeFileSync(safetyPolicy, `version: 1\npolicy:\n  - { category: ${category}, action: redact }\n`);
  const config = { ...readConfig([], {}), safety, safetyPolicy, auditLog };
  return openScreening(config, reportSafety(pino({ level: 'silent' }), new Metrics()));
}

test('both files are looked at until it closes', () => {
  const screening = open('own', null);
  expect(vi.getTimerCount()).toBe(2);
  screening.close();
  expect(vi.getTimerCount()).toBe(0);
});

test('a policy, or an audit log, that is refused leaves no timer', () => {
  expect(() => open('other', null)).toThrow('no screen finds "other"');
  expect(() => open('own', folder)).toThrow('The audit log cannot be written');
  expect(vi.getTimerCount()).toBe(0);
});
