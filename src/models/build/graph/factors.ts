/** Factors on the rows and columns of weights: powers of two, so that what they move between two weights is moved exactly. */

export interface Factors {
  /** On each output of a matrix, or each value of a vector. */
  readonly rows?: Float32Array | undefined;
  /** On each input of a matrix. */
  readonly columns?: Float32Array | undefined;
}

/** Of the constant tensors of a graph, by their names; a bias has the factors of its matrix's rows. */
export type FactorTable = ReadonlyMap<string, Factors>;

/** What calibration has found for a model. */
export interface Calibration {
  readonly factors: FactorTable;
  /** Layers whose activations' range moved into weights, by their names in the graph. */
  readonly moved: readonly string[];
  /** Factors on the channels of caches that the moving changes, [kvHeads * headDim], by the graph's output. */
  readonly caches: ReadonlyMap<string, Float32Array>;
}

/** Multiplies whole rows, [rows, columns], of which the first is row number `row` of its matrix; in place. */
export function applyFactors(
  block: Float32Array,
  columns: number,
  row: number,
  factors: Factors | undefined,
): Float32Array {
  if (factors?.rows === undefined && factors?.columns === undefined) return block;
  for (let start = 0, r = row; start < block.length; start += columns, r++) {
    const factor = factors.rows?.[r] ?? 1;
    for (let i = 0; i < columns; i++) block[start + i]! *= factor * (factors.columns?.[i] ?? 1);
  }
  return block;
}
