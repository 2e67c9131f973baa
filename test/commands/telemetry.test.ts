/** Nothing is reported to anybody: ONNX Runtime's own reporting is off before it begins. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { runOctavo } from '../support/octavo.js';

it('keeps no queue of reports and no identifier of the machine', async () => {
  const home = mkdtempSync(path.join(tmpdir(), 'octavo-home-'));
  // Those that would keep the library from it already.
  const silent = [
    'ORT_DISABLE_TELEMETRY',
    'ORT_RUNNING_UNIT_TESTS',
    'CI',
    'TF_BUILD',
    'GITHUB_ACTIONS',
    'XDG_CACHE_HOME',
  ];
  const env = { ...Object.fromEntries(silent.map((name) => [name, undefined])), HOME: home, TMPDIR: home };
  const args = ['bench', '--batch', '1', '--steps', '4', '--repeat', '1'];
  expect(await runOctavo(args, { cwd: home, env })).toMatchObject({ code: 0 });
  expect(readdirSync(home)).toEqual([]);
  rmSync(home, { recursive: true });
});
