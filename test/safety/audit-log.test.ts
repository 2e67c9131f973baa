/** The audit log: whole lines, no text unless asked, put aside when it is full, and never a reason to fail. */
import { execFileSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import {
  appendFileSync,
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { AuditLog, type AuditSettings } from '#octavo/safety/audit-log.js';
import { createSafety, screenWhole } from '#octavo/safety/filter.js';
import { RotatingFile } from '#octavo/safety/rotating-file.js';
import { compileRule } from '#octavo/safety/rule.js';
import { RuleScreen } from '#octavo/safety/rule-screen.js';

const tenant = 'ab'.repeat(32);
const rules = new RuleScreen([
  compileRule({ id: 'ann', category: 'names', action: 'redact', direction: 'both', terms: ['ann'] }),
  compileRule({ id: 'bad', category: 'harm', action: 'block', direction: 'both', terms: ['bad'] }),
]);

function openLog(settings: Partial<AuditSettings> = {}) {
  const folder = mkdtempSync(path.join(tmpdir(), 'octavo-audit-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = path.join(folder, 'audit.jsonl');
  const lost: number[] = [];
  const rotation = { maxBytes: 1 << 20, keep: 2 };
  const onError = (_: unknown, lines: number) => lost.push(lines);
  const log = new AuditLog({ file, key: 'key', withText: false, onError, ...rotation, ...settings });
  const safety = createSafety([rules], { onFinding: log.observe });
  const screen = (text: string, direction: 'prompt' | 'output' = 'output') =>
    screenWhole(safety.guard({ direction, tenant, request: 'req_1' }), text);
  return { file, log, lost, screen };
}

const readLines = (file: string) =>
  readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe('a line', () => {
  test('says what was found where, by whom, and what was done, without the text', async () => {
    const { file, log, screen } = openLog();
    await screen('Dear Ann, a bad day', 'prompt');
    log.close();
    const hash = (text: string) => createHmac('sha256', 'key').update(text).digest('hex');
    const shared = { request: 'req_1', tenant: 'ab'.repeat(8), direction: 'prompt', screen: 'rules', score: 1 };
    const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/);
    expect(readLines(file)).toEqual([
      { time, ...shared, rule: 'ann', category: 'names', action: 'redact', length: 3, hash: hash('Ann') },
      { time, ...shared, rule: 'bad', category: 'harm', action: 'block', length: 3, hash: hash('bad') },
    ]);
    expect(readFileSync(file, 'utf8')).not.toMatch(/Ann|bad day/);
    expect(statSync(file).mode & 0o077).toBe(0);
  });

  test('holds the text where it is asked for', async () => {
    const { file, log, screen } = openLog({ withText: true });
    await screen('Dear Ann');
    log.close();
    expect(readLines(file)).toMatchObject([{ rule: 'ann', text: 'Ann' }]);
  });

  test('has a hash that cannot be compared with another run where there is no key', async () => {
    const one = openLog({ key: null });
    const other = openLog({ key: null });
    for (const { screen } of [one, other]) await screen('Ann and Ann');
    const [first, second, third] = [one, other].flatMap(({ file }) => readLines(file).map(({ hash }) => hash));
    expect(first).toBe(second);
    expect(first).not.toBe(third);
  });
});

test('what is found when a part of it has left is not told by the hash of the rest', async () => {
  const { file, log } = openLog();
  const origin = { direction: 'output', tenant, request: 'req_1' } as const;
  const finding = { screen: 's', rule: 'r', category: 'c', action: 'block', score: 1 } as const;
  log.observe(origin)(finding, 'rest', 9);
  log.observe(origin)(finding, '', 9);
  log.close();
  expect(readLines(file)).toMatchObject([
    { length: 9, hash: null },
    { length: 9, hash: null },
  ]);
});

describe('the file', () => {
  test('has every line once the turn is over, before the log is closed', async () => {
    const { file, screen } = openLog();
    await screen('Ann');
    await Promise.resolve();
    expect(readLines(file)).toHaveLength(1);
  });

  test('is put aside when it is full, the oldest dropped, no line lost or cut', () => {
    const { file } = openLog();
    const rotating = new RotatingFile(file, { maxBytes: 100, keep: 2 });
    for (let line = 0; line < 20; line++) rotating.append(`${JSON.stringify({ line, text: 'x'.repeat(20) })}\n`);
    rotating.close();
    const kept = [`${file}.2`, `${file}.1`, file].map(readLines);
    expect(kept.flat().map(({ line }) => line)).toEqual([14, 15, 16, 17, 18, 19]);
    expect(existsSync(`${file}.3`)).toBe(false);
    for (const one of [`${file}.2`, `${file}.1`, file]) expect(statSync(one).size).toBeLessThanOrEqual(100);
  });

  test('goes on after a line that a crash cut short', () => {
    const { file } = openLog();
    appendFileSync(file, '{"whole":1}\n{"cut":');
    const rotating = new RotatingFile(file, { maxBytes: 1000, keep: 0 });
    rotating.append('{"next":2}\n');
    rotating.close();
    expect(readFileSync(file, 'utf8').split('\n')).toEqual(['{"whole":1}', '{"cut":', '{"next":2}', '']);
  });

  test('works on no descriptor that a failed rotation has closed, and goes on when there is a place again', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'octavo-audit-'));
    const inner = path.join(folder, 'logs');
    onTestFinished(() => rmSync(folder, { recursive: true }));
    mkdirSync(inner);
    const rotating = new RotatingFile(path.join(inner, 'audit.jsonl'), { maxBytes: 10, keep: 1 });
    rotating.append('12345678\n');
    rmSync(inner, { recursive: true });
    expect(() => rotating.append('lost once\n')).toThrow(/ENOENT/);
    // Gets the number that the log has given back.
    const other = openSync(path.join(folder, 'other'), 'w');
    expect(() => rotating.append('lost too\n')).toThrow(/ENOENT/);
    writeSync(other, 'mine');
    closeSync(other);
    expect(readFileSync(path.join(folder, 'other'), 'utf8')).toBe('mine');
    mkdirSync(inner);
    rotating.append('there\n');
    rotating.close();
    expect(readFileSync(path.join(inner, 'audit.jsonl'), 'utf8')).toBe('there\n');
  });

  test('closes a line that a full disk cut short, before the next one', () => {
    const { file } = openLog();
    // The shell's bound on the size of a file, of one block, cuts a write in the middle as a full disk does.
    const script = `
      import { truncateSync } from 'node:fs';
      import { RotatingFile } from ${JSON.stringify(new URL('../../dist/safety/rotating-file.js', import.meta.url).href)};
      const rotating = new RotatingFile(process.argv[1], { maxBytes: 1e6, keep: 0 });
      try { rotating.append('x'.repeat(2000) + '\\n'); } catch (error) { console.log(error.code); }
      truncateSync(process.argv[1], 5);
      rotating.append('next\\n');`;
    const command = ['-c', 'ulimit -f 1; exec "$@"', 'sh', process.execPath, '--input-type=module', '-e', script, file];
    expect(execFileSync('bash', command, { encoding: 'utf8' }).trim()).toBe('EFBIG');
    expect(readFileSync(file, 'utf8')).toBe('xxxxx\nnext\n');
  });

  test('stays closed: what is found later is counted as lost, and another may have the file', async () => {
    const { file, log, lost, screen } = openLog();
    await screen('Ann');
    log.close();
    rmSync(file);
    await screen('Ann and Ann');
    await Promise.resolve();
    expect(lost).toEqual([2]);
    expect(existsSync(file)).toBe(false);
    log.close();
    expect(existsSync(file)).toBe(false);
  });

  test('with nothing to keep the full file is dropped', () => {
    const { file } = openLog();
    const rotating = new RotatingFile(file, { maxBytes: 10, keep: 0 });
    for (const line of ['12345678\n', 'abcdefgh\n']) rotating.append(line);
    rotating.close();
    expect(readFileSync(file, 'utf8')).toBe('abcdefgh\n');
    expect(existsSync(`${file}.1`)).toBe(false);
  });

  test('that cannot be opened stops the start; lines that cannot be written are counted, and screening goes on', async () => {
    expect(() => openLog({ file: '/nowhere/audit.jsonl' })).toThrow(/^The audit log cannot be written: .*ENOENT/);
    const { lost, screen } = openLog({ file: '/dev/full' });
    expect((await screen('Ann and Ann')).text).toBe('[redacted] and [redacted]');
    await Promise.resolve();
    expect(lost).toEqual([2]);
  });
});
