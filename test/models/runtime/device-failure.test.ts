/** What ONNX Runtime and drivers say when a device fails, as they were seen or as their sources have it. */
import { expect, it } from 'vitest';
import { lacksMemory, loadFailure, runFailure } from '#octavo/models/runtime/device-failure.js';

it.each([
  // Seen with 1.30 on SwiftShader.
  ['Failed to download data from buffer. wgpu::MapAsyncStatus value: 4, message: [Device] is lost.', 'device_lost'],
  // As ONNX Runtime's sources word CUDA's and DirectML's.
  ['CUDA failure 700: an illegal memory access was encountered ; GPU=0', 'device_lost'],
  ['CUDA failure 2: out of memory ; GPU=0', 'device_out_of_memory'],
  ['BFCArena::AllocateRawInternal Failed to allocate memory for requested buffer of size 1024', 'device_out_of_memory'],
  [
    'DmlCommandRecorder.cpp(338)\\onnxruntime.dll!: 887A0005 The GPU device instance has been suspended.',
    'device_lost',
  ],
  ['Non-zero status code returned while running Gather node. indices element out of data bounds', 'internal_error'],
])('%s', (message, code) => {
  expect(runFailure(new Error(message)).code).toBe(code);
  expect(loadFailure(new Error(message)).code).toBe(code === 'internal_error' ? 'invalid_model' : code);
});

it('a buffer of WebGPU that was not given costs the device, and is told as what it is at load', () => {
  const error = new Error(
    'WebGPU validation failed. [Invalid Buffer (unlabeled)] is invalid due to a previous error.\n - While',
  );
  expect(runFailure(error)).toMatchObject({ code: 'device_lost', message: expect.stringContaining('no memory left') });
  expect(lacksMemory(runFailure(error))).toBe(true);
  expect(loadFailure(error).code).toBe('device_out_of_memory');
});

it('callers read nothing of the inside when a device fails', () => {
  const { message, cause } = runFailure(new Error('CUDA failure 700: an illegal memory access; file=/build/x.cc'));
  expect(message).toBe('The device that computes the model was lost and is being opened again; try again in a moment.');
  expect(cause).toMatchObject({ message: expect.stringContaining('/build/x.cc') });
});

it('an encoder that WebGPU has no attention for is told where it runs', () => {
  // Seen with 1.30.
  const error = new Error(
    'Exception during initialization: GroupQueryAttention (WebGPU): causal=0 is not implemented.',
  );
  expect(loadFailure(error)).toMatchObject({ code: 'invalid_model', message: expect.stringContaining('--device cpu') });
});
