/** Memory for the tensors of a step, used again by every step: a server that runs for weeks must not wear out its heap. */
import { elementBytes, elementCount, type Tensor, type TensorType, viewOf } from '../runtime/runtime.js';

/** One tensor at a time over memory that grows to the largest it ever was. */
export class Scratch {
  readonly #type: TensorType;
  #memory = new ArrayBuffer(0);
  #tensor: Tensor | null = null;

  constructor(type: TensorType) {
    this.#type = type;
  }

  /** A tensor of this shape with what the last one left in it; the same object, so that it stays bound, for the same shape. */
  tensor(dims: readonly number[]): Tensor {
    const last = this.#tensor;
    if (last !== null && last.dims.length === dims.length && last.dims.every((dim, i) => dim === dims[i])) return last;
    const length = elementCount(dims);
    const bytes = length * elementBytes[this.#type];
    if (bytes > this.#memory.byteLength) this.#memory = new ArrayBuffer(bytes);
    this.#tensor = { type: this.#type, dims, data: viewOf(this.#type, this.#memory, length) };
    return this.#tensor;
  }
}
