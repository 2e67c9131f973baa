/** Ctrl-C in the middle of a build or a measurement: nothing is left of it. */
import type { ChildProcess } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../support/folders.js';
import { runOctavo } from '../support/octavo.js';
import { writeByteCheckpoint } from '../support/tiny-checkpoint.js';

const root = temporaryFolder();
const source = writeByteCheckpoint(join(root, 'tiny'));
/** Minutes of measuring. */
const tokens = String(1 << 24);

/** Sends `signals` as soon as there is a name in `folder` that fits. */
const whenThereIs =
  (folder: string, pattern: RegExp, ...signals: NodeJS.Signals[]) =>
  async (child: ChildProcess) => {
    while (!readdirSync(folder).some((name) => pattern.test(name))) await sleep(5);
    for (const signal of signals) child.kill(signal);
  };

it.each([
  ['SIGINT', 130, /^\.built\.building-/],
  ['SIGTERM', 143, /^\.built\.reference-/],
  ['SIGHUP', 129, /^\.built\.reference-/],
] as const)('a build that %s stops leaves nothing', async (signal, code, pattern) => {
  const cwd = temporaryFolder();
  const args = ['build', source, '--out', 'built', '--tokens', tokens];
  const stopped = await runOctavo(args, { cwd, onStart: whenThereIs(cwd, pattern, signal) });
  expect(stopped).toEqual({ code, out: '', err: `octavo: Stopped by ${signal}.\n` });
  expect(readdirSync(cwd)).toEqual([]);
});

it('a Ctrl-C that comes twice, from the terminal and from npm, is one', async () => {
  const cwd = temporaryFolder();
  const args = ['build', source, '--out', 'built', '--tokens', tokens];
  const onStart = whenThereIs(cwd, /^\.built\.reference-/, 'SIGINT', 'SIGINT');
  expect(await runOctavo(args, { cwd, onStart })).toMatchObject({ code: 130, err: 'octavo: Stopped by SIGINT.\n' });
  expect(readdirSync(cwd)).toEqual([]);
});

it('a measurement that Ctrl-C stops leaves the model as it was', async () => {
  const cwd = temporaryFolder();
  expect(await runOctavo(['build', source, '--out', 'built', '--no-receipt'], { cwd })).toMatchObject({ code: 0 });
  const before = readdirSync(join(cwd, 'built')).map((name) => [name, statSync(join(cwd, 'built', name)).mtimeMs]);
  const onStart = whenThereIs(cwd, /^\.built\.reference-/, 'SIGINT');
  const stopped = await runOctavo(['receipt', 'built', '--reference', source, '--tokens', tokens], { cwd, onStart });
  expect(stopped).toEqual({ code: 130, out: '', err: 'octavo: Stopped by SIGINT.\n' });
  expect(readdirSync(cwd)).toEqual(['built']);
  const after = readdirSync(join(cwd, 'built')).map((name) => [name, statSync(join(cwd, 'built', name)).mtimeMs]);
  expect(after).toEqual(before);
});

it('a bench that Ctrl-C stops in its profile says so, prints no figures and leaves no files', async () => {
  const cwd = temporaryFolder();
  const built = await runOctavo(['build', '--random', 'tiny-llama', '--out', 'built'], { cwd });
  expect(built).toMatchObject({ code: 0 });
  const temporary = temporaryFolder();
  const sizes = ['--batch', '64', '--prompt', '100', '--steps', '16', '--repeat', '1'];
  const stopped = await runOctavo(['bench', '--model', 'built', ...sizes, '--profile'], {
    ...{ cwd, env: { TMPDIR: temporary } },
    onStart: whenThereIs(temporary, /^octavo-profile-/, 'SIGINT'),
  });
  expect(stopped).toEqual({ code: 130, out: '', err: 'octavo: Stopped by SIGINT.\n' });
  expect(readdirSync(temporary).filter((name) => name.startsWith('octavo'))).toEqual([]);
});
