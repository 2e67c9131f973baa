/** The constant tensors of a graph: what they are is known while the graph is drawn, their bytes are made when written. */
import { halvesOf } from '../weights/float-format.js';

export type ElementType = 'float32' | 'float16' | 'uint8' | 'int8' | 'int32' | 'int64';

export interface TensorSpec {
  readonly name: string;
  readonly type: ElementType;
  readonly dims: readonly number[];
}

/** Tensors whose bytes come into being together, such as a quantised matrix and its scales. */
export interface TensorSource {
  readonly tensors: readonly TensorSpec[];
  /** The bytes of all the tensors, one after the other; a chunk never spans two. Can be called once. */
  chunks(): AsyncIterable<Uint8Array>;
}

const elementBytes: Readonly<Record<ElementType, number>> = {
  float32: 4,
  float16: 2,
  uint8: 1,
  int8: 1,
  int32: 4,
  int64: 8,
};

export function byteLength(spec: TensorSpec): number {
  return spec.dims.reduce((product, dimension) => product * dimension, elementBytes[spec.type]);
}

export function bytesOf(values: ArrayBufferView): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

/** Names of constants begin so; those of a checkpoint's tensors never do. */
export const constantPrefix = '/constants/';

export function isConstant(name: string): boolean {
  return name.startsWith(constantPrefix);
}

/** A small tensor whose values are known already; int64 takes bigints. */
export function constantTensor(spec: TensorSpec, values: readonly number[] | readonly bigint[]): TensorSource {
  return {
    tensors: [spec],
    async *chunks() {
      yield bytesOf(typedArray(spec.type, values));
    },
  };
}

function typedArray(type: ElementType, values: readonly (number | bigint)[]): ArrayBufferView {
  switch (type) {
    case 'int64':
      return BigInt64Array.from(values, BigInt);
    case 'float32':
      return Float32Array.from(values, Number);
    case 'float16':
      return halvesOf(Float32Array.from(values, Number));
    case 'int32':
      return Int32Array.from(values, Number);
    case 'uint8':
      return Uint8Array.from(values, Number);
    case 'int8':
      return Int8Array.from(values, Number);
  }
}
