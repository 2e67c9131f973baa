/** Execution providers as ONNX Runtime names them. */
import type { ProviderName } from '../../device-name.js';

interface OrtProvider {
  /** Its name in the list of what a library carries. */
  readonly name: string;
  /** Its name for memory of its device; `null`: it works on tensors of ours. */
  readonly memory: string | null;
  /** Memory of device 1 is numbered so; the others call the memory of whatever device they were given 0. */
  readonly memoryByIndex?: boolean;
  /** Settings of a session with which it captures runs. Others were not tried. */
  readonly capture?: readonly string[];
}

export const ortProviders: Readonly<Record<ProviderName, OrtProvider>> = {
  cpu: { name: 'CPUExecutionProvider', memory: null },
  cuda: { name: 'CUDAExecutionProvider', memory: 'Cuda', memoryByIndex: true },
  tensorrt: { name: 'TensorrtExecutionProvider', memory: 'Cuda', memoryByIndex: true },
  directml: { name: 'DmlExecutionProvider', memory: 'DML' },
  coreml: { name: 'CoreMLExecutionProvider', memory: null },
  webgpu: {
    ...{ name: 'WebGpuExecutionProvider', memory: 'WebGPU_Buffer' },
    capture: ['ep.webgpuexecutionprovider.enableGraphCapture', 'ep.webgpuexecutionprovider.enableInt64'],
  },
};

const ours: ReadonlyMap<string, ProviderName> = new Map(
  Object.entries(ortProviders).map(([name, { name: theirs }]) => [theirs, name as ProviderName]),
);

/** `undefined` for one that the configuration cannot name. */
export function ourProvider(theirs: string): ProviderName | undefined {
  return ours.get(theirs);
}
