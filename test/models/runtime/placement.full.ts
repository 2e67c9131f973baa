/** Which operators of Octavo's own builds a GPU provider leaves to the CPU: WebGPU, on a driver in software. */
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { buildRandomModel } from '#octavo/models/build/build.js';
import type { Precision } from '#octavo/models/manifest.js';
import { withGivenLengths } from '#octavo/models/onnx-file/given-lengths.js';
import { findOrtLibrary } from '#octavo/models/runtime/ort-library.js';
import { openOrtRuntime } from '#octavo/models/runtime/ort-session.js';
import { describePlacement } from '#octavo/models/runtime/placement.js';
import { temporaryFolder } from '../../support/folders.js';
import { useSoftwareGpu } from '../../support/software-gpu.js';

useSoftwareGpu();
const root = temporaryFolder();
const runtime = openOrtRuntime(findOrtLibrary());

// The driver has no float16: such graphs are placed on it, but could not run.
it.each(['int8-weight-fp16', 'int4-weight-fp16', 'int8-weight', 'int4-weight'] as const)(
  'no heavy one in %s',
  async (precision) => {
    expect(await placementOf(precision)).toMatch(/^\d+ nodes on cpu, all others on webgpu$/);
  },
);

it.each(['int8-weight-fp16', 'int4-weight-fp16', 'int8-weight', 'int4-weight'] as const)(
  'none at all in %s that is given its lengths, so that its runs can be captured',
  async (precision) => {
    const file = await build(precision);
    const { graph } = withGivenLengths(file)!;
    const options = { device: { provider: 'webgpu', index: 0 }, threads: 1, folder: dirname(file) } as const;
    const session = await runtime.open(graph, { ...options, capture: true });
    expect(session.placement).toEqual([]);
    await session.close();
  },
);

it('the products of int8, by name, with the build that has none of them', async () => {
  expect(await placementOf('int8')).toMatch(
    /^\d+ nodes on cpu, all others on webgpu; on cpu, .* for them: \d+ MatMulIntegerToFloat; "octavo build --target gpu"/,
  );
});

it.each(['fp16', 'fp32'] as const)('the head of %s', async (precision) => {
  expect(await placementOf(precision)).toMatch(/for them: 1 FusedMatMul; "octavo build --target gpu" makes a build/);
});

/** The path of the graph. */
async function build(precision: Precision): Promise<string> {
  const out = join(root, precision);
  const { graph } = await buildRandomModel({ shape: 'tiny-qwen2', seed: 1, out, precision, force: true });
  return join(out, graph);
}

async function placementOf(precision: Precision): Promise<string> {
  const session = await runtime.open(await build(precision), { device: { provider: 'webgpu', index: 0 }, threads: 1 });
  const said = describePlacement(session.placement, { provider: 'webgpu', precision });
  await session.close();
  return said;
}
