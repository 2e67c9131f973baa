/** `octavo doctor` as a person types it: without a GPU, with one in software, with libraries that are missing, none, or too old. */
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../support/folders.js';
import { runOctavo } from '../support/octavo.js';
import { softwareGpu } from '../support/software-gpu.js';

const root = temporaryFolder();

const doctor = (args: readonly string[], env: NodeJS.ProcessEnv) =>
  runOctavo(['doctor', ...args], { cwd: tmpdir(), env: { VK_DRIVER_FILES: '/nowhere.json', ...env } });

describe('octavo doctor', () => {
  it('shows the machine, and why no provider but the CPU works', async () => {
    const { code, out, err } = await doctor([], {});
    // The GPU's driver warns of what it does not find; the answer says it.
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(/reads \d+\.\d GB\/s, multiplies \d+ G pairs of 8-bit integers a second/);
    expect(out).toMatch(/^ {2}webgpu {5}Failed to get a WebGPU adapter/m);
    expect(out).toMatch(/^ {2}cpu {8}runs$/m);
    expect(out).toMatch(/^ {2}int8 {13}cpu: what int8 graphs are built for$/m);
  });

  it('tries a GPU, one in software too, which it does not choose: the machine has none', async () => {
    const { code, out } = await doctor(['--json'], { VK_DRIVER_FILES: softwareGpu() });
    expect(code).toBe(0);
    const { gpus, providers, choices } = JSON.parse(out) as Offers;
    expect(providers).toContainEqual({ name: 'webgpu', problem: null, captures: true });
    expect(providers).toContainEqual({ name: 'cpu', problem: null, captures: false });
    if (gpus.length === 0) {
      expect(choices).toContainEqual({ precision: 'int8-weight', device: 'cpu', reason: 'no GPU was found' });
    }
  });

  it('says of one that works that it captures decode steps', async () => {
    const { out } = await doctor([], { VK_DRIVER_FILES: softwareGpu() });
    expect(out).toMatch(/^ {2}webgpu {5}runs; captures decode steps of graphs that it runs whole$/m);
  });

  it.each([
    ['is missing', () => '/nowhere/libonnxruntime.so', /: .*cannot open shared object file/],
    ['is none', () => process.execPath, /node: /],
    ['is too old', oldLibrary, /: version 1\.14\.1 has no C API 22: 1\.22 or newer is needed\.$/m],
  ])('refuses a library that %s, by name', async (_, library, message) => {
    const { code, err } = await doctor(['--ort-library', library()], {});
    expect(code).toBe(1);
    expect(err).toMatch(/^octavo: Cannot use the ONNX Runtime library /);
    expect(err).toContain(library());
    expect(err).toMatch(message);
  });
});

describe('octavo bench', () => {
  const bench = (args: readonly string[], env: NodeJS.ProcessEnv) =>
    runOctavo(
      ['bench', '--json', '--context', '64', '--prompt', '4', '--steps', '4', '--repeat', '1', '--batch', '1', ...args],
      {
        cwd: tmpdir(),
        env,
      },
    );

  it('runs where it was told to, on a GPU in software too', async () => {
    const { code, out } = await bench(['--device', 'webgpu'], { VK_DRIVER_FILES: softwareGpu() });
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ model: { provider: 'webgpu', providerReason: 'chosen by configuration' } });
  });

  it.each([
    ['webgpu', /^octavo: .*webgpu provider cannot be used.*: .*adapter/m],
    ['webgpu:3', /^octavo: .*there is no device 3/m],
    // The package's library knows CUDA, and the part that has it is not there.
    [
      'cuda',
      /^octavo: The cuda provider cannot be used on this machine: .*libonnxruntime_providers_shared\.so\); --ort-library/m,
    ],
    ['coreml', /^octavo: .*has no coreml provider; it has .*--ort-library names another build/m],
  ])('does not start without the %s that was named, and says why', async (device, message) => {
    const { code, err } = await bench(['--device', device], { VK_DRIVER_FILES: '/nowhere.json' });
    expect(code).toBe(1);
    expect(err).toMatch(message);
  });
});

/** The part of the report that is looked at. */
interface Offers {
  readonly gpus: readonly string[];
  readonly providers: readonly { readonly name: string; readonly problem: string | null }[];
  readonly choices: readonly object[];
}

let old: string | undefined;

/** Compiled once: a library that says it is of another time. */
function oldLibrary(): string {
  if (old === undefined) {
    old = join(root, 'libonnxruntime.so.1.14.1');
    execFileSync('cc', ['-shared', '-fPIC', '-o', old, 'test/support/old-onnxruntime.c']);
  }
  return old;
}
