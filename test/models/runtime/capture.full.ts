/** Runs that WebGPU captures: what a repeated one reads and writes, and which graphs it refuses. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GraphBuilder } from '#octavo/models/build/graph/graph-builder.js';
import { encodeInline } from '#octavo/models/build/onnx/model-writer.js';
import { openRuntime } from '#octavo/models/runtime/open-runtime.js';
import { cpu, type DeviceTensor, type Runtime, type Session, zeros } from '#octavo/models/runtime/runtime.js';
import { absolutes } from '../../support/device-tensors.js';
import { useSoftwareGpu } from '../../support/software-gpu.js';

useSoftwareGpu();
const device = { provider: 'webgpu', index: 0 } as const;
const options = { device, threads: 1, capture: true };

describe('a session that captures', () => {
  let runtime: Runtime;
  let session: Session;

  beforeAll(async () => {
    ({ runtime } = await openRuntime('ort-c-api'));
    session = await runtime.open(await doubling(), options);
  });

  afterAll(() => session.close());

  const allocate = () => session.device!.allocate('float32', [4]);
  /** By a run that is not captured. */
  const write = async (tensor: DeviceTensor, value: number) => {
    const half = zeros('float32', [4]);
    (half.data as Float32Array).fill(value / 2);
    await session.run(new Map([['x', half]]), new Map([['y', tensor]]));
  };
  const firstOf = async (tensor: DeviceTensor) =>
    (await absolutes({ runtime, options: { device, threads: 1 } }, tensor))[0];
  const run = (x: DeviceTensor, y: DeviceTensor, capture?: number) =>
    session.run(new Map([['x', x]]), new Map([['y', y]]), capture);

  it('repeats what was captured on the memory of its first run, whatever is given, and captures others beside it', async () => {
    const [x, y, otherX, otherY] = [allocate(), allocate(), allocate(), allocate()];
    await write(x, 1);
    await write(otherX, 10);
    await run(x, y, 1);
    expect(await firstOf(y)).toBe(2);
    await write(x, 7);
    await run(otherX, otherY);
    await run(otherX, otherY, 1);
    expect(await firstOf(y)).toBe(14);
    expect(await firstOf(otherY)).toBe(20);
    await write(otherX, 30);
    await run(otherX, otherY, 2);
    await run(x, y);
    await run(x, y, 2);
    expect(await firstOf(otherY)).toBe(60);
    expect(await firstOf(y)).toBe(14);
  });

  it('is refused where a node is left to the CPU, and by providers that capture nothing', async () => {
    const refused = runtime.open(await shapeOf(), options);
    await expect(refused).rejects.toMatchObject({
      code: 'invalid_model',
      message: expect.stringMatching(/graph capture/),
    });
    const onCpu = runtime.open(await doubling(), { ...options, device: cpu });
    await expect(onCpu).rejects.toMatchObject({ message: expect.stringMatching(/no runs are captured/) });
  });
});

/** y = x + x */
async function doubling(): Promise<Uint8Array> {
  const builder = new GraphBuilder();
  const x = builder.input({ name: 'x', type: 'float32', dims: [4] });
  builder.node('Add', 'y', { inputs: [x, x], outputs: ['y'] });
  builder.output({ name: 'y', type: 'float32', dims: [4] });
  return encodeInline(builder.finish());
}

/** y = x + its own length */
async function shapeOf(): Promise<Uint8Array> {
  const builder = new GraphBuilder();
  const x = builder.input({ name: 'x', type: 'float32', dims: ['length'] });
  const shape = builder.node('Shape', 'length', { inputs: [x] });
  const length = builder.node('Cast', 'length', { inputs: [shape], attributes: { to: 1n } });
  builder.node('Add', 'y', { inputs: [x, length], outputs: ['y'] });
  builder.output({ name: 'y', type: 'float32', dims: ['length'] });
  return encodeInline(builder.finish());
}
