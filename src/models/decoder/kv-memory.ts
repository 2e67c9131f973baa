/** How many rows of how many tokens the KV cache has, so that it never needs more memory than it may. */
import { counted } from '../../counted.js';
import { OctavoError } from '../../errors.js';
import { elementBytes } from '../runtime/runtime.js';
import type { KvShape } from './kv-arena.js';

/** As asked for. */
export interface KvPlan {
  readonly rows: number;
  readonly capacity: number;
}

/** What the keys and values of one token depend on. */
export type TokenShape = Pick<KvShape, 'layers' | 'kvHeads' | 'headDim' | 'element'>;

/** Fewer tokens than this are no context. */
const leastCapacity = 16;

/** Bytes of one token of one row. */
export function tokenBytes({ layers, kvHeads, headDim, element = 'float32' }: TokenShape): number {
  return layers * 2 * kvHeads * headDim * elementBytes[element];
}

/**
 * Rows and capacity within `budget` bytes: as many rows as fit whole, and where not even one does, one with a shorter
 * context. As a sequence is admitted only if its prompt and its longest output fit a row, the cache cannot overflow.
 * Throws `invalid_config` when the budget holds no context at all.
 */
export function planKvMemory({ rows, capacity }: KvPlan, perToken: number, budget: number): KvPlan {
  const affordable = Math.floor(budget / (capacity * perToken));
  if (affordable >= 1) return { rows: Math.min(rows, affordable), capacity };
  const shorter = Math.floor(budget / perToken);
  if (shorter >= leastCapacity) return { rows: 1, capacity: shorter };
  const needed = Math.ceil((leastCapacity * perToken) / 2 ** 20);
  throw new OctavoError('invalid_config', `--kv-memory is too small for this model: it needs at least ${needed} MiB.`);
}

/** What became less than was asked for, for the operator; `null`: nothing. */
export function describeReduction(asked: KvPlan, planned: KvPlan, budget: number): string | null {
  if (asked.rows === planned.rows && asked.capacity === planned.capacity) return null;
  const memory = `${Math.floor(budget / 2 ** 20)} MiB of KV cache (the share of --kv-memory) hold`;
  return `${memory} ${planned.rows} of ${counted(asked.rows, 'row')} of ${planned.capacity} tokens`;
}
