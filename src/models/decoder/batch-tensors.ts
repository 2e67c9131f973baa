/** Fills the small tensors of a step: ids and masks, right-padded. */
import type { Tensor } from '../runtime/runtime.js';

/** `tensor`, int64 [rows, longest], takes the ids of each row and zeros on their right. */
export function fillIds(tensor: Tensor, ids: readonly (readonly number[])[]): Tensor {
  const longest = tensor.dims[1]!;
  for (let r = 0; r < ids.length; r++) {
    const row = ids[r]!;
    for (let i = 0; i < longest; i++) tensor.data[r * longest + i] = BigInt(row[i] ?? 0);
  }
  return tensor;
}

/** `tensor`, int64 [rows, longest], takes a one for each token of a row and zeros on their right. */
export function fillMask(tensor: Tensor, lengths: readonly number[]): Tensor {
  const longest = tensor.dims[1]!;
  const mask = tensor.data as BigInt64Array;
  for (let r = 0; r < lengths.length; r++) {
    const end = r * longest + lengths[r]!;
    mask.fill(1n, r * longest, end);
    mask.fill(0n, end, (r + 1) * longest);
  }
  return tensor;
}
