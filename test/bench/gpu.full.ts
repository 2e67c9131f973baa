/** bench/gpu.sh as it is carried: packed with a tiny shape, moved, and run on a GPU in software, where there is no PyTorch. */
import { execFile } from 'node:child_process';
import { readFileSync, renameSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../support/folders.js';
import { softwareGpu } from '../support/software-gpu.js';

const run = promisify(execFile);
const root = temporaryFolder();

it('prints one table, and why what is not in it is not', async () => {
  const [packed, carried] = [join(root, 'packed'), join(root, 'carried')];
  await run(process.execPath, [
    'bench/gpu/pack.mjs',
    '--out',
    packed,
    '--shape',
    'tiny-qwen2',
    '--builds',
    'int8-weight',
  ]);
  renameSync(packed, carried);

  const { stdout } = await run(join(carried, 'gpu.sh'), ['--python', '/nowhere/python3', '--minutes', '2'], {
    cwd: tmpdir(),
    env: { ...process.env, VK_DRIVER_FILES: softwareGpu() },
  });

  const number = String.raw`[\d,.]+`;
  const cells = [...Array(4).fill(number), String.raw`\d+%`, number, number, number, '-'].join(String.raw` \| `);
  expect(stdout).toMatch(new RegExp(String.raw`^\| Octavo, 8-bit weights, float32, webgpu \| ${cells} \|$`, 'm'));
  expect(stdout).toMatch(/^\| PyTorch, transformers generate \|( - \|){9}$/m);
  expect(stdout).toMatch(/^\| PyTorch, static cache, CUDA graph \| \/nowhere\/python3: .*ENOENT/m);
  expect(stdout).toMatch(/^memory bandwidth: \d+ GB\/s \(a copy by ONNX Runtime on webgpu\)$/m);
  expect(stdout).toMatch(/^Octavo, .*webgpu: decode steps are captured$/m);
  expect(readFileSync(join(carried, 'result.md'), 'utf8').trim()).toBe(stdout.trim());
}, 180_000);
