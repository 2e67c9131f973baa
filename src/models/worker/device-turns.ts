/** Lets the threads of the process use a device one after the other where its provider cannot be used by two at once. */
import type { ProviderName } from '../../device-name.js';

/** Shared by all threads: 1 while one of them has its turn. */
export type TurnCell = Int32Array<SharedArrayBuffer>;

/**
 * ONNX Runtime's WebGPU provider has one device and one command encoder for the process and guards neither: two sessions
 * that run at once end the process (seen with 1.30).
 */
const inTurn: ReadonlySet<ProviderName> = new Set(['webgpu']);

const [free, taken] = [0, 1];

export function newTurnCell(): TurnCell {
  return new Int32Array(new SharedArrayBuffer(4));
}

/** Runs `use` when no other thread uses a device of these providers. Blocks the thread, which must not be the main one. */
export async function takeTurn<T>(
  cell: TurnCell,
  providers: readonly ProviderName[],
  use: () => Promise<T>,
): Promise<T> {
  if (!providers.some((provider) => inTurn.has(provider))) return use();
  while (Atomics.compareExchange(cell, 0, free, taken) !== free) Atomics.wait(cell, 0, taken);
  try {
    return await use();
  } finally {
    Atomics.store(cell, 0, free);
    Atomics.notify(cell, 0, 1);
  }
}
