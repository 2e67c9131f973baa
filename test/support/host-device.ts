/** A device where there is none: memory of ours that only graphs on the CPU's provider read and write. */
import {
  type AnyTensor,
  cpu,
  type DeviceMemory,
  type DeviceTensor,
  elementBytes,
  elementCount,
  type Runtime,
  type Session,
  type Tensor,
  type TensorMap,
  type TensorType,
  viewOf,
} from '#octavo/models/runtime/runtime.js';

export class HostDevice implements DeviceMemory {
  /** Bytes that went to tensors of the host. */
  crossed = 0;
  readonly #memory = new Map<bigint, ArrayBuffer>();
  #next = 1n;
  #failure: string | null = null;

  /** Every run fails with this message. */
  fail(message: string | null): void {
    this.#failure = message;
  }

  allocate(type: TensorType, dims: readonly number[]): DeviceTensor {
    const address = this.#next++;
    this.#memory.set(address, new ArrayBuffer(elementCount(dims) * elementBytes[type]));
    return { type, dims, address };
  }

  free({ address }: DeviceTensor): void {
    if (!this.#memory.delete(address)) throw new Error('What is freed was allocated.');
  }

  /** What lies in a float32 tensor. */
  dataOf(tensor: DeviceTensor): Float32Array {
    return this.#toHost(tensor).data as Float32Array;
  }

  /** A session whose tensors may be of this device. */
  async open(runtime: Runtime, graph: string | Uint8Array, folder?: string): Promise<Session> {
    const options = { device: cpu, threads: 1, ...(folder !== undefined && { folder }) };
    const session = await runtime.open(graph, options);
    const { inputs, outputs, optionalInputs, placement } = session;
    const there = (tensors: TensorMap) =>
      new Map(Array.from(tensors, ([name, tensor]) => [name, this.#toHost(tensor)]));
    const captures = new Map<number, readonly [TensorMap, TensorMap]>();
    return {
      ...{ inputs, outputs, optionalInputs, placement, device: this },
      run: async (...[givenInputs, givenOutputs, capture]) => {
        if (this.#failure !== null) throw new Error(this.#failure);
        const given = [givenInputs, givenOutputs] as const;
        const [read, written] = capture === undefined ? given : (captures.get(capture) ?? given);
        if (capture !== undefined) captures.set(capture, [read, written]);
        for (const tensor of written.values()) if ('data' in tensor) this.crossed += tensor.data.byteLength;
        await session.run(there(read), there(written));
      },
      close: () => session.close(),
    };
  }

  #toHost(tensor: AnyTensor): Tensor {
    if ('data' in tensor) return tensor;
    const { type, dims, address } = tensor;
    const memory = this.#memory.get(address);
    if (memory === undefined) throw new Error('The tensor was freed.');
    return { type, dims, data: viewOf(type, memory, elementCount(dims)) };
  }
}
