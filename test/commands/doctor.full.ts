/** `octavo doctor` as a person types it: without a GPU, with one in software, with libraries that are none. */
import { tmpdir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { runOctavo } from '../support/octavo.js';
import { softwareGpu } from '../support/software-gpu.js';

const doctor = (args: readonly string[], env: NodeJS.ProcessEnv) =>
  runOctavo(['doctor', ...args], { cwd: tmpdir(), env: { VK_DRIVER_FILES: '/nowhere.json', ...env } });

describe('octavo doctor', () => {
  it('shows the machine, and why no provider but the CPU works', async () => {
    const { code, out } = await doctor([], {});
    expect(code).toBe(0);
    expect(out).toMatch(/reads \d+\.\d GB\/s, \d+\.\d\d million million 8-bit products a second/);
    expect(out).toMatch(/^ {2}webgpu {5}Failed to get a WebGPU adapter/m);
    expect(out).toMatch(/^ {2}cpu {8}runs$/m);
    expect(out).toMatch(/^ {2}int8 {9}cpu: what int8 graphs are built for$/m);
  });

  it('tries a GPU, one in software too', async () => {
    const { code, out } = await doctor(['--json'], { VK_DRIVER_FILES: softwareGpu() });
    expect(code).toBe(0);
    const offers = JSON.parse(out) as { providers: { name: string; problem: string | null }[] };
    expect(offers.providers).toContainEqual({ name: 'webgpu', problem: null });
  });

  it('refuses a library that is none', async () => {
    const { code, err } = await doctor(['--ort-library', process.execPath], {});
    expect(code).toBe(1);
    expect(err).toMatch(/^octavo: Cannot use the ONNX Runtime library .*node/m);
  });
});
