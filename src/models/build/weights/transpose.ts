/** Transposition of a matrix that arrives in blocks of rows. */

export interface Place {
  /** Columns of the whole transposed matrix: the rows of all blocks. */
  readonly stride: number;
  /** Column at which this block begins. */
  readonly column: number;
}

/** Rows of `block` done at once: a run of this many values is written together, so cache lines are filled whole. */
const tileRows = 64;

/** Writes `block`, [rows, columns], as columns `place.column …` of `target`, [columns, place.stride]. */
export function transposeInto<T extends Int8Array | Float32Array>(
  target: T,
  place: Place,
  source: { readonly block: T; readonly columns: number },
): void {
  const { block, columns } = source;
  const rows = block.length / columns;
  for (let top = 0; top < rows; top += tileRows) {
    const bottom = Math.min(top + tileRows, rows);
    for (let column = 0; column < columns; column++) {
      let to = column * place.stride + place.column + top;
      let from = top * columns + column;
      for (let row = top; row < bottom; row++) {
        target[to++] = block[from]!;
        from += columns;
      }
    }
  }
}
