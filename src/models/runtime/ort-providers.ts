/** Execution providers as ONNX Runtime names them, and how a session is given one. */
import { OctavoError } from '../../errors.js';
import type { OrtApi, Pointer } from './ort-api.js';
import type { ProviderName } from './runtime.js';

interface OrtProvider {
  /** Its name in the list of what a library carries. */
  readonly name: string;
  /** Its name for memory of its device; `null`: it works on tensors of ours. */
  readonly memory: string | null;
}

export const ortProviders: Readonly<Record<ProviderName, OrtProvider>> = {
  cpu: { name: 'CPUExecutionProvider', memory: null },
  cuda: { name: 'CUDAExecutionProvider', memory: 'Cuda' },
  webgpu: { name: 'WebGpuExecutionProvider', memory: 'WebGPU_Buffer' },
};

/** Throws `runtime_unavailable` when the provider cannot be used. */
export function appendProvider(api: OrtApi, settings: Pointer, provider: ProviderName): void {
  try {
    append(api, settings, provider);
  } catch (error) {
    const message = `The ${provider} provider cannot be used on this machine: ${(error as Error).message}`;
    throw new OctavoError('runtime_unavailable', message, null, { cause: error });
  }
}

function append(api: OrtApi, settings: Pointer, provider: ProviderName): void {
  switch (provider) {
    case 'cpu':
      return;
    case 'webgpu':
      api.call('SessionOptionsAppendExecutionProvider', settings, 'WebGPU', null, null, 0);
      return;
    case 'cuda': {
      const options = api.create('CreateCUDAProviderOptions');
      try {
        api.call('SessionOptionsAppendExecutionProvider_CUDA_V2', settings, options);
      } finally {
        api.release('ReleaseCUDAProviderOptions', options);
      }
    }
  }
}
