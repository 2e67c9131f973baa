/** Failures of the safety filter are all counted, and logged at most once a minute each. */
import { expect, test } from 'vitest';
import { OctavoError } from '#octavo/errors.js';
import { Metrics } from '#octavo/server/metrics.js';
import { reportSafety } from '#octavo/server/safety-report.js';

test('counts every failure, logs each kind once a minute', async () => {
  const metrics = new Metrics();
  const logged: unknown[] = [];
  let nowMs = 5;
  const told: object[] = [];
  const log = (_: object, what: string) => logged.push([nowMs, what]);
  const info = (fields: object, what: string) => told.push(fields) && log(fields, what);
  const logger = { error: log, info };
  const report = reportSafety(logger as unknown as Parameters<typeof reportSafety>[0], metrics, () => nowMs);
  for (nowMs of [5, 6, 60_004, 60_005, 60_006]) {
    report.screenFailed('judge', new Error('lost'));
    report.auditFailed(new Error('full'), 3);
  }
  report.screenFailed('rules', new Error('lost'));
  expect(logged).toEqual([
    [5, "the safety screen 'judge' failed"],
    [5, 'the audit log cannot be written'],
    [60_005, "the safety screen 'judge' failed"],
    [60_005, 'the audit log cannot be written'],
    [60_006, "the safety screen 'rules' failed"],
  ]);
  report.rules.refused(new OctavoError('invalid_config', 'rules.yaml:3: no'));
  report.rules.read('rules.yaml', 4);
  report.policy.refused(new OctavoError('invalid_config', 'policy.yaml:3: no'));
  report.policy.read('policy.yaml', 4);
  expect(logged.slice(5)).toEqual([
    [60_006, 'the safety rules have changed and cannot be used: the old ones stay'],
    [60_006, 'the safety rules have changed'],
    [60_006, 'the safety policy has changed and cannot be used: the old one stays'],
    [60_006, 'the safety policy has changed'],
  ]);
  expect(told).toEqual([
    { file: 'rules.yaml', rules: 4 },
    { file: 'policy.yaml', lines: 4 },
  ]);
  const text = await metrics.registry.metrics();
  expect(text).toContain('octavo_safety_screen_failures_total{screen="judge"} 5');
  expect(text).toContain('octavo_safety_rules_reads_total{result="refused"} 1');
  expect(text).toContain('octavo_safety_rules_reads_total{result="read"} 1');
  expect(text).toContain('octavo_safety_policy_reads_total{result="refused"} 1');
  expect(text).toContain('octavo_safety_policy_reads_total{result="read"} 1');
  expect(text).toContain('octavo_safety_audit_lost_total 15');
});
