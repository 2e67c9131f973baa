/** Type and shape of a graph's output, as ONNX Runtime has inferred them. */
import type { OrtApi, Pointer } from './ort-api.js';
import { elementType } from './ort-values.js';
import type { TensorType, ValueType } from './runtime.js';

const typesByElement = new Map(Object.entries(elementType).map(([type, element]) => [element, type as TensorType]));

/** `null`: it is no tensor of a type that is known here. */
export function readOutputType(api: OrtApi, session: Pointer, index: number): ValueType | null {
  const info = api.create('SessionGetOutputTypeInfo', session, index);
  try {
    // It belongs to `info`.
    const tensor = api.create('CastTypeInfoToTensorInfo', info);
    if (tensor === 0n) return null;
    const element = new Int32Array(new ArrayBuffer(4));
    api.call('GetTensorElementType', tensor, element);
    const type = typesByElement.get(element[0]!);
    const rank = Number(api.create('GetDimensionsCount', tensor));
    const dims = new BigInt64Array(new ArrayBuffer(8 * Math.max(1, rank)));
    api.call('GetDimensions', tensor, dims, rank);
    if (type === undefined) return null;
    return { type, dims: Array.from(dims.subarray(0, rank), (size) => (size < 0n ? null : Number(size))) };
  } finally {
    api.release('ReleaseTypeInfo', info);
  }
}
