/** Symmetric round-to-nearest quantisation to int8, one scale for each row: w = q * scale, scale = max|w| / limit. */

/** 127 for eight bits; 63 (seven bits) where the processor's u8 x s8 kernels add pairs in 16 bits and would saturate. */
export type WeightLimit = 127 | 63;

export interface QuantisedWeights {
  /** [rows, columns] */
  readonly values: Int8Array;
  /** [rows] */
  readonly scales: Float32Array;
}

/** Quantises `block`, [rows, columns]. A row of zeros gets scale 1. */
export function quantiseWeights(block: Float32Array, columns: number, limit: WeightLimit): QuantisedWeights {
  const rows = block.length / columns;
  const values = new Int8Array(block.length);
  const scales = new Float32Array(rows);
  for (let row = 0; row < rows; row++) {
    const begin = row * columns;
    const end = begin + columns;
    let largest = 0;
    for (let i = begin; i < end; i++) {
      const size = Math.abs(block[i]!);
      if (size > largest) largest = size;
    }
    scales[row] = largest / limit;
    // The stored scale is what the graph multiplies with, so it is also what the weights are divided by. It is 0 for
    // a row of zeros, and for numbers so small that float32 cannot hold their scale.
    if (scales[row] === 0) scales[row] = 1;
    const scale = scales[row]!;
    for (let i = begin; i < end; i++) values[i] = Math.round(block[i]! / scale);
  }
  return { values, scales };
}
