/** Where a model runs: what was asked for, against what the library carries and the machine has. */
import { describe, expect, it } from 'vitest';
import { deviceName, type NamedDevice, type ProviderName } from '#octavo/device-name.js';
import { candidateDevices, describeDevice } from '#octavo/models/runtime/device.js';
import { OrtApi } from '#octavo/models/runtime/ort-api.js';
import { findOrtLibrary } from '#octavo/models/runtime/ort-library.js';
import { openOrtRuntime } from '#octavo/models/runtime/ort-session.js';
import type { Gpu, Runtime } from '#octavo/models/runtime/runtime.js';

const nvidia: Gpu = { vendor: 'NVIDIA', vendorId: 0x10de, deviceId: 0x2330 };
const nameless: Gpu = { vendor: '', vendorId: 0x8086, deviceId: 0x56 };

function machine(providers: readonly ProviderName[], gpus: readonly Gpu[]): Runtime {
  return { name: 'ort-c-api', version: '1.30.0', providers, gpus, open: () => Promise.reject(new Error('not opened')) };
}

const names = (asked: 'auto' | NamedDevice, precision: 'int8' | 'int8-weight', runtime: Runtime) =>
  candidateDevices(asked, precision, runtime).map((device) => `${describeDevice(device)}: ${device.reason}`);

describe('the device of a model', () => {
  it.each(['int8', 'fp32'] as const)('is the CPU for %s, GPU or not', (precision) => {
    const [only, ...others] = candidateDevices('auto', precision, machine(['cuda', 'webgpu', 'cpu'], [nvidia]));
    expect(only).toEqual({ provider: 'cpu', index: 0, reason: `what ${precision} graphs are built for` });
    expect(others).toEqual([]);
  });

  it('is the CPU where no GPU was found', () => {
    expect(names('auto', 'int8-weight', machine(['cuda', 'webgpu', 'cpu'], []))).toEqual(['cpu: no GPU was found']);
  });

  it('is the best provider that opens the graph, TensorRT never, the CPU at last', () => {
    expect(names('auto', 'int8-weight', machine(['tensorrt', 'webgpu', 'cuda', 'cpu'], [nvidia]))).toEqual([
      'cuda: on the GPU of NVIDIA (10de:2330)',
      'webgpu: on the GPU of NVIDIA (10de:2330)',
      'cpu: nothing works on the GPU of NVIDIA (10de:2330)',
    ]);
    expect(names('auto', 'int8-weight', machine(['cpu'], [nameless]))).toEqual([
      'cpu: nothing works on the GPU (8086:0056)',
    ]);
  });

  it('is the one that was named, whatever the precision', () => {
    const runtime = machine(['webgpu', 'cuda', 'cpu'], []);
    expect(names('cuda:1', 'int8', runtime)).toEqual(['cuda:1: chosen by configuration']);
    expect(names('webgpu', 'int8-weight', runtime)).toEqual(['webgpu: chosen by configuration']);
  });

  it('cannot be one that the library lacks', () => {
    expect(() => candidateDevices('coreml', 'int8', machine(['webgpu', 'cpu'], []))).toThrow(
      'This build of ONNX Runtime (1.30.0) has no coreml provider; it has webgpu, cpu. --ort-library names another build.',
    );
  });

  it.each([
    ['auto', true],
    ['cpu', true],
    ['cuda:12', true],
    ['cuda:0+cuda:1', true],
    ['cpu+webgpu', true],
    ['cpu+auto', false],
    ['cpu+', false],
    ['auto:1', false],
    ['cuda:', false],
    ['cuda:1234', false],
    ['gpu', false],
    ['cuda:1 ', false],
  ])('%s: %s', (name, is) => {
    expect(deviceName().safeParse(name).success).toBe(is);
  });
});

describe('the library', () => {
  it('is refused by name where it lacks the version of the C API that is needed', () => {
    const library = findOrtLibrary();
    expect(() => new OrtApi(library, 9999)).toThrow(
      /^Cannot use the ONNX Runtime library .*: version 1\.30\.0 has no C API 9999: 1\.9999 or newer is needed$/,
    );
  });

  it('that is none is refused by name', () => {
    expect(() => new OrtApi(process.execPath)).toThrow(/^Cannot use the ONNX Runtime library .*node.*: /);
    expect(() => new OrtApi('/nowhere/libonnxruntime.so')).toThrow(
      /^Cannot use the ONNX Runtime library \/nowhere\/libonnxruntime\.so: /,
    );
  });

  it.each([
    [{ provider: 'cpu', index: 1 }, /all processors are one device/],
    [{ provider: 'webgpu', index: 7 }, /there is no device 7; ONNX Runtime lists \d+ for it/],
  ] as const)('has no device %o', async (device, message) => {
    const runtime = openOrtRuntime(findOrtLibrary());
    await expect(runtime.open('/nowhere.onnx', { device, threads: 1 })).rejects.toThrow(message);
  });
});
