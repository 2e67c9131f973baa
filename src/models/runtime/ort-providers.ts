/** How a session is given an execution provider. */
import type { ProviderName } from '../../device-name.js';
import { OctavoError } from '../../errors.js';
import { conciseReason } from './device.js';
import { type OrtApi, type Pointer, pointerCell } from './ort-api.js';
import { listEpDevices } from './ort-hardware.js';
import { ortProviders } from './ort-provider-names.js';
import { loggingLevel } from './ort-threads.js';
import type { Device } from './runtime.js';

/** The C API, its environment, and the settings of the session to come. */
interface Target {
  readonly api: OrtApi;
  readonly environment: Pointer;
  readonly settings: Pointer;
}

/** Throws `runtime_unavailable` when the provider, or its device of that number, cannot be used, or not so. */
export function appendProvider(target: Target, device: Device, capture: boolean): void {
  try {
    if (capture) enableCapture(target, device);
    append(target, device);
  } catch (error) {
    const message = `The ${device.provider} provider cannot be used on this machine: ${conciseReason(error as Error)}`;
    throw new OctavoError('runtime_unavailable', message, null, { cause: error });
  }
}

function enableCapture({ api, settings }: Target, { provider }: Device): void {
  const { capture } = ortProviders[provider];
  if (capture === undefined) throw new Error('no runs are captured with it');
  for (const name of capture) api.call('AddSessionConfigEntry', settings, name, '1');
  // That it refuses a graph is thrown, and needs no line of ONNX Runtime's own.
  api.call('SetSessionLogSeverityLevel', settings, loggingLevel.fatal);
}

function append(target: Target, { provider, index }: Device): void {
  switch (provider) {
    case 'cpu':
      if (index > 0) throw new Error('all processors are one device, cpu');
      break;
    case 'coreml':
      if (index > 0) throw new Error('it has one device');
      appendByName(target, 'CoreML');
      break;
    case 'webgpu':
      // By name the driver makes the first choice, also where the machine's list of devices is empty, as in containers.
      if (index > 0) appendByNumber(target, provider, index);
      else appendByName(target, 'WebGPU');
      break;
    case 'directml':
      appendByNumber(target, provider, index);
      break;
    case 'cuda':
    case 'tensorrt':
      appendNvidia(target, provider, index);
  }
}

function appendByName({ api, settings }: Target, name: string): void {
  api.call('SessionOptionsAppendExecutionProvider', settings, name, null, null, 0);
}

const nvidiaCalls = {
  cuda: {
    create: 'CreateCUDAProviderOptions',
    update: 'UpdateCUDAProviderOptions',
    append: 'SessionOptionsAppendExecutionProvider_CUDA_V2',
    release: 'ReleaseCUDAProviderOptions',
  },
  tensorrt: {
    create: 'CreateTensorRTProviderOptions',
    update: 'UpdateTensorRTProviderOptions',
    append: 'SessionOptionsAppendExecutionProvider_TensorRT_V2',
    release: 'ReleaseTensorRTProviderOptions',
  },
} as const;

function appendNvidia({ api, settings }: Target, provider: 'cuda' | 'tensorrt', index: number): void {
  const calls = nvidiaCalls[provider];
  const options = api.create(calls.create);
  try {
    api.call(calls.update, options, ['device_id'], [String(index)], 1);
    api.call(calls.append, settings, options);
  } finally {
    api.release(calls.release, options);
  }
}

/** By the machine's list of devices, in its order. */
function appendByNumber({ api, environment, settings }: Target, provider: ProviderName, index: number): void {
  const { name } = ortProviders[provider];
  const devices = listEpDevices(api, environment).filter((device) => device.provider === name);
  const device = devices[index];
  if (device === undefined) throw new Error(`there is no device ${index}; ONNX Runtime lists ${devices.length} for it`);
  const list = pointerCell();
  list[0] = device.pointer;
  api.call('SessionOptionsAppendExecutionProvider_V2', settings, environment, list, 1, null, null, 0);
}
