/** Fills the small tensors of a step: ids, masks and positions, right-padded. */
import { invariant } from '../../errors.js';
import type { Tensor } from '../runtime/runtime.js';

/** `tensor`, integers [rows, longest], takes the ids of each row and zeros on their right. */
export function fillIds(tensor: Tensor, ids: readonly (readonly number[])[]): Tensor {
  return fillGrid(tensor, (row, column) => ids[row]![column] ?? 0);
}

/** `tensor`, integers [rows, longest], takes a one for each token of a row and zeros on their right. */
export function fillMask(tensor: Tensor, lengths: readonly number[]): Tensor {
  return fillGrid(tensor, (row, column) => (column < lengths[row]! ? 1 : 0));
}

/** `tensor`, integers [rows, longest], takes the places of a row's new tokens, which come after `past[row]` others. */
export function fillPositions(tensor: Tensor, past: readonly number[]): Tensor {
  return fillGrid(tensor, (row, column) => past[row]! + column);
}

function fillGrid(tensor: Tensor, value: (row: number, column: number) => number): Tensor {
  const { data } = tensor;
  const [rows, columns] = tensor.dims as [number, number];
  invariant(!(data instanceof Float32Array), 'ids, masks and positions are integers');
  // Two loops: a typed array of one kind each, written without asking for its kind.
  if (data instanceof BigInt64Array) {
    for (let i = 0, row = 0; row < rows; row++)
      for (let column = 0; column < columns; column++) data[i++] = BigInt(value(row, column));
  } else {
    for (let i = 0, row = 0; row < rows; row++)
      for (let column = 0; column < columns; column++) data[i++] = value(row, column);
  }
  return tensor;
}
