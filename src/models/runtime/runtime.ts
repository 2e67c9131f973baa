/** The one small interface to ONNX Runtime; two implementations stand behind it (`ort-c-api`, `onnxruntime-node`). */
import type { ProviderName } from '../../device-name.js';
import type { Placement } from './placement.js';

export type TensorType = 'float32' | 'float16' | 'int8' | 'int32' | 'int64';

/**
 * A dense row-major tensor over memory of ours. A tensor's identity is its binding: a session that is given the same
 * object again does not bind it again, so change its contents freely, but make a new object for a new shape.
 * `data` must cover an explicit ArrayBuffer (native code keeps its address), and its length is the product of `dims`.
 */
export interface Tensor {
  readonly type: TensorType;
  readonly dims: readonly number[];
  /** float16 as its bits: arrays of that type are newer than the oldest Node that runs this. */
  readonly data: Float32Array | Uint16Array | Int8Array | Int32Array | BigInt64Array;
}

/**
 * A dense row-major tensor in a device's memory, where only graphs read and write it. A narrower one at the same address
 * is the first part of the same memory.
 */
export interface DeviceTensor {
  readonly type: TensorType;
  readonly dims: readonly number[];
  /** The allocator's own name for the memory: an address, or the handle of a buffer. */
  readonly address: bigint;
}

export type AnyTensor = Tensor | DeviceTensor;
export type TensorMap = ReadonlyMap<string, AnyTensor>;

/** Memory of the device that a session runs on. */
export interface DeviceMemory {
  /**
   * A tensor that lives as long as the session, unless it is freed. Throws `device_out_of_memory` when there is no room; of WebGPU
   * the first run that uses it does.
   */
  allocate(type: TensorType, dims: readonly number[]): DeviceTensor;
  free(tensor: DeviceTensor): void;
}

/** One loaded graph. Not for concurrent runs. */
export interface Session {
  /** Names of the inputs that must be given. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Inputs with a default value in the graph. */
  readonly optionalInputs: readonly string[];
  /** Type and shape of an output; `null` where the runtime does not tell. */
  typeOf?(output: string): ValueType | null;
  /** The nodes of each execution provider; empty where the runtime does not tell. */
  readonly placement: readonly Placement[];
  /** `null`: the graph runs on tensors of ours, where they lie. */
  readonly device: DeviceMemory | null;
  /**
   * Runs the graph and writes the outputs into the given tensors. One tensor may be an input and an output at once:
   * it is then updated in place. Throws `device_lost`, `device_out_of_memory`, or `internal_error` with ONNX Runtime's message.
   * `capture`, of a session that captures: a number above 0. The first run with it is recorded, and each later one repeats its
   * work on the memory of the first, whatever is given: all of both must be on the device, and stay there.
   */
  run(inputs: TensorMap, outputs: TensorMap, capture?: number): Promise<void>;
  close(): Promise<void>;
}

/** An execution provider, and the number of its device. */
export interface Device {
  readonly provider: ProviderName;
  readonly index: number;
}

/** A GPU of the machine, by its PCI ids. */
export interface Gpu {
  readonly vendor: string;
  readonly vendorId: number;
  readonly deviceId: number;
}

export const cpu: Device = { provider: 'cpu', index: 0 };

export interface SessionOptions {
  readonly device: Device;
  /** Threads of one run, the calling thread included. */
  readonly threads: number;
  /** Runs leave the calling thread free, so that several sessions can run at once. */
  readonly background?: boolean;
  /** Runs can be captured. Opening throws where the provider cannot capture any, or none of this graph. */
  readonly capture?: boolean;
  /** Of a graph that is given as bytes: the folder in which its external data is. */
  readonly folder?: string;
  /** Path to which the session appends a time and `.json`, for a profile of its runs that is whole when it is closed. */
  readonly profile?: string | undefined;
}

/** What is known of a tensor before it is computed; `null` in place of a dimension that varies. */
export interface ValueType {
  readonly type: TensorType;
  readonly dims: readonly (number | null)[];
}

/** One way to reach ONNX Runtime. A process uses exactly one: there is one native environment, made by whoever loads first. */
export interface Runtime {
  readonly name: RuntimeName;
  /** Version of ONNX Runtime. */
  readonly version: string;
  /** Execution providers that this library carries, in ONNX Runtime's order. */
  readonly providers: readonly ProviderName[];
  /** The machine's GPUs that one of them can use; empty where the system does not tell. */
  readonly gpus: readonly Gpu[];
  /**
   * Loads a graph: a file, with external data beside it, or the bytes of one. Throws `invalid_model` with ONNX Runtime's
   * message, `device_lost` or `device_out_of_memory`.
   */
  open(model: string | Uint8Array, options: SessionOptions): Promise<Session>;
}

export type RuntimeName = 'ort-c-api' | 'onnxruntime-node';

export function elementCount(dims: readonly number[]): number {
  return dims.reduce((product, dim) => product * dim, 1);
}

/** A zero-filled tensor; the OS gives memory to a page when it is first written. */
export function zeros(type: TensorType, dims: readonly number[]): Tensor {
  const length = elementCount(dims);
  return { type, dims, data: viewOf(type, new ArrayBuffer(length * elementBytes[type]), length) };
}

export const elementBytes: Readonly<Record<TensorType, number>> = {
  ...{ float32: 4, float16: 2, int8: 1, int32: 4, int64: 8 },
};

/** The first `length` elements of some memory. */
export function viewOf(type: TensorType, memory: ArrayBuffer, length: number): Tensor['data'] {
  switch (type) {
    case 'float32':
      return new Float32Array(memory, 0, length);
    case 'float16':
      return new Uint16Array(memory, 0, length);
    case 'int8':
      return new Int8Array(memory, 0, length);
    case 'int32':
      return new Int32Array(memory, 0, length);
    case 'int64':
      return new BigInt64Array(memory, 0, length);
  }
}
