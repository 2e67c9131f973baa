/** Rotary position tables (RoFormer, arXiv 2104.09864): cos and sin of position * theta^(-2i / headDim). */
import { bytesOf, type TensorSource } from './tensor.js';

export interface RotaryShape {
  /** Positions the tables cover. */
  readonly context: number;
  readonly headDim: number;
  readonly theta: number;
}

/** Rows made at once, so that a long context costs no memory. */
const rowsAtOnce = 1024;

/** float32 [context, headDim / 2] of `Math.cos` or `Math.sin`. */
export function rotaryTable(name: string, shape: RotaryShape, wave: (angle: number) => number): TensorSource {
  const half = shape.headDim / 2;
  return {
    tensors: [{ name, type: 'float32', dims: [shape.context, half] }],
    async *chunks() {
      const frequencies = Float64Array.from({ length: half }, (_, i) => shape.theta ** ((-2 * i) / shape.headDim));
      for (let first = 0; first < shape.context; first += rowsAtOnce) {
        const rows = Math.min(rowsAtOnce, shape.context - first);
        const table = new Float32Array(rows * half);
        for (let i = 0; i < table.length; i++) {
          table[i] = wave((first + Math.floor(i / half)) * frequencies[i % half]!);
        }
        yield bytesOf(table);
      }
    },
  };
}
