/** Memory of a device for the tensors of a step, used again by every step. */
import { type DeviceMemory, type DeviceTensor, elementCount, type TensorType } from '../runtime/runtime.js';

/** One tensor at a time over memory that grows to the largest it ever was. */
export class DeviceScratch {
  readonly #memory: DeviceMemory;
  readonly #type: TensorType;
  #allocated: DeviceTensor | null = null;
  #tensor: DeviceTensor | null = null;

  constructor(memory: DeviceMemory, type: TensorType) {
    this.#memory = memory;
    this.#type = type;
  }

  /** As `Scratch` gives them: the same object for the same shape. Throws ONNX Runtime's error when the device has no room. */
  tensor(dims: readonly number[]): DeviceTensor {
    const last = this.#tensor;
    if (last !== null && last.dims.length === dims.length && last.dims.every((dim, i) => dim === dims[i])) return last;
    this.#tensor = { ...this.#reserve(dims), dims };
    return this.#tensor;
  }

  #reserve(dims: readonly number[]): DeviceTensor {
    if (this.#allocated !== null && elementCount(this.#allocated.dims) >= elementCount(dims)) return this.#allocated;
    this.free();
    this.#allocated = this.#memory.allocate(this.#type, dims);
    return this.#allocated;
  }

  free(): void {
    if (this.#allocated !== null) this.#memory.free(this.#allocated);
    this.#allocated = null;
    this.#tensor = null;
  }
}
