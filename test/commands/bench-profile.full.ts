/** `octavo bench --profile` on a GPU, in software: what falls back to the CPU, and what that costs. */
import { expect, it } from 'vitest';
import type { ProfiledStep } from '#octavo/models/profile-model.js';
import { embeddedModel } from '../support/concierge.js';
import { runOctavo } from '../support/octavo.js';
import { softwareGpu } from '../support/software-gpu.js';

it('of an INT8 build tells the products that the CPU computes, and the kernels of the device by its clock', async () => {
  const sizes = ['--batch', '1', '--prompt', '8', '--steps', '4', '--repeat', '1'];
  const args = ['bench', '--model', embeddedModel, '--device', 'webgpu', ...sizes, '--profile', '--json'];
  const { code, out, err } = await runOctavo(args, { cwd: '/', env: { VK_DRIVER_FILES: softwareGpu() } });
  expect({ code, err }).toEqual({ code: 0, err: '' });
  const { model, profile } = JSON.parse(out) as { model: { placement: string }; profile: readonly ProfiledStep[] };
  expect(model.placement).toMatch(/\d+ MatMulIntegerToFloat; "octavo build --target gpu" makes a build/);
  for (const { shares } of profile) {
    expect(shares.clock).toBe('device');
    const operators = (name: string) => {
      return shares.providers.find(({ provider }) => provider === name)?.operators.map(({ operator }) => operator);
    };
    expect(operators('cpu')?.[0]).toBe('MatMulIntegerToFloat');
    expect(operators('webgpu')).toContain('GroupQueryAttention');
    expect(shares.between).toBeGreaterThan(0);
  }
}, 300_000);
