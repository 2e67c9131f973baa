/** How long a step's rows are when they are padded to one length. */
import type { Batch } from './language-model.js';
import type { PaddedLengths } from './step-tensors.js';

/** At least two new tokens in a prefill: a single one would take another path through attention. */
export function paddedLengths({ ids, past }: Omit<Batch, 'firstRow'>): PaddedLengths {
  const decode = ids.every((row, index) => row.length === 1 && past[index]! > 0);
  const length = decode ? 1 : Math.max(2, ...ids.map((row) => row.length));
  return { length, total: decode ? Math.max(...past) + 1 : past[0]! + length };
}
