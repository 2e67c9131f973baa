/** Memory for the tensors of a step, used again by every step: a server that runs for weeks must not wear out its heap. */
import type { Tensor, TensorType } from '../runtime/runtime.js';

const bytesPerElement: Record<TensorType, number> = { float32: 4, int32: 4, int64: 8 };

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
    const length = dims.reduce((product, dim) => product * dim, 1);
    const bytes = length * bytesPerElement[this.#type];
    if (bytes > this.#memory.byteLength) this.#memory = new ArrayBuffer(bytes);
    this.#tensor = { type: this.#type, dims, data: view(this.#type, this.#memory, length) };
    return this.#tensor;
  }
}

function view(type: TensorType, memory: ArrayBuffer, length: number): Tensor['data'] {
  switch (type) {
    case 'float32':
      return new Float32Array(memory, 0, length);
    case 'int32':
      return new Int32Array(memory, 0, length);
    case 'int64':
      return new BigInt64Array(memory, 0, length);
  }
}
