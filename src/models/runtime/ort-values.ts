/** Shapes and element types as ONNX Runtime's C API takes them. */
import type { TensorType } from './runtime.js';

/** `ONNXTensorElementDataType`. */
export const elementType: Readonly<Record<TensorType, number>> = {
  float32: 1,
  int8: 3,
  int32: 6,
  int64: 7,
  float16: 10,
};

/** int64 [rank], in memory that does not move. */
export function createShape(dims: readonly number[]): BigInt64Array {
  const shape = new BigInt64Array(new ArrayBuffer(Math.max(1, dims.length) * 8));
  for (let i = 0; i < dims.length; i++) shape[i] = BigInt(dims[i]!);
  return shape;
}
