/** Memory of the device that a session runs on, through the allocator of its execution provider. */
import { invariant } from '../../errors.js';
import { runFailure } from './device-failure.js';
import type { OrtApi, Pointer } from './ort-api.js';
import { createShape, elementType } from './ort-values.js';
import { type DeviceMemory, type DeviceTensor, elementBytes, elementCount, type TensorType } from './runtime.js';

const deviceAllocator = 0;
const defaultType = 0;

/** Closed with its session, whose allocator it is. */
export class OrtDevice implements DeviceMemory {
  readonly #api: OrtApi;
  readonly #memoryInfo: Pointer;
  readonly #allocator: Pointer;
  /** The values that own the memory, by its address. */
  readonly #values = new Map<bigint, Pointer>();

  /** `memory`: ONNX Runtime's name and number for it. */
  constructor(api: OrtApi, session: Pointer, memory: { readonly name: string; readonly index: number }) {
    this.#api = api;
    this.#memoryInfo = api.create('CreateMemoryInfo', memory.name, deviceAllocator, memory.index, defaultType);
    this.#allocator = api.create('CreateAllocator', session, this.#memoryInfo);
  }

  allocate(type: TensorType, dims: readonly number[]): DeviceTensor {
    const value = this.#createTensor(type, dims);
    const address = this.#api.create('GetTensorMutableData', value);
    this.#values.set(address, value);
    return { type, dims, address };
  }

  free({ address }: DeviceTensor): void {
    const value = this.#values.get(address);
    invariant(value !== undefined, 'what is freed was allocated');
    this.#api.release('ReleaseValue', value);
    this.#values.delete(address);
  }

  /** A value over the tensor's memory, to be released by the caller. */
  createValue({ type, dims, address }: DeviceTensor): Pointer {
    const bytes = elementCount(dims) * elementBytes[type];
    const shape = createShape(dims);
    return this.#api.create(
      'CreateTensorWithDataAsOrtValue',
      ...([this.#memoryInfo, address, bytes, shape, dims.length, elementType[type]] as const),
    );
  }

  #createTensor(type: TensorType, dims: readonly number[]): Pointer {
    try {
      const shape = createShape(dims);
      return this.#api.create('CreateTensorAsOrtValue', this.#allocator, shape, dims.length, elementType[type]);
    } catch (error) {
      throw runFailure(error as Error);
    }
  }

  close(): void {
    for (const value of this.#values.values()) this.#api.release('ReleaseValue', value);
    this.#api.release('ReleaseAllocator', this.#allocator);
    this.#api.release('ReleaseMemoryInfo', this.#memoryInfo);
  }
}
