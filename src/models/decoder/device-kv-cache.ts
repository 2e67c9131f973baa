/** The KV cache in a device's memory: nothing of it ever crosses to the host. */
import { counted } from '../../counted.js';
import { OctavoError } from '../../errors.js';
import { lacksMemory } from '../runtime/device-failure.js';
import type { DeviceMemory, DeviceTensor } from '../runtime/runtime.js';
import type { GraphOpener } from '../worker/serve-steps.js';
import type { CacheNames } from './decoder-ports.js';
import { DeviceCopier, deviceCopyGraph, type PartCopy } from './device-copy.js';
import type { KvView } from './kv-arena.js';
import type { KvCache, KvCacheShape } from './kv-cache.js';
import { tokenBytes } from './kv-memory.js';
import type { BlockPool } from './kv-pool.js';
import { type BlockCopy, blockTokens, type RowMove } from './step.js';

/**
 * One tensor a layer for keys and one for values: the arena, [rows, kvHeads, capacity, headDim], and the pool,
 * [slots, kvHeads, blockTokens, headDim]. A device's buffer can only be bound from its beginning, so a step over rows
 * in the middle (prompts being read) runs on a stage of its own, from which the rows are copied to their places.
 */
export class DeviceKvCache implements KvCache {
  readonly capacity: number;
  readonly pool: BlockPool;
  readonly #shape: KvCacheShape;
  readonly #memory: DeviceMemory;
  readonly #copier: DeviceCopier;
  readonly #names: CacheNames;
  readonly #arena: readonly DeviceTensor[];
  readonly #slots: readonly DeviceTensor[];
  /** As the arena, with as many rows as the largest step needed. */
  #stage: readonly DeviceTensor[] = [];
  #stageRows = 0;
  /** Of the rows from 0 on, by their number: the same tensors stay bound. */
  readonly #views = new Map<number, KvView>();

  /** Throws what opening a session throws, and `device_out_of_memory` when the device has no room. */
  static async open(
    memory: DeviceMemory,
    { shape, names }: { readonly shape: KvCacheShape; readonly names: CacheNames },
    { open }: Pick<GraphOpener, 'open'>,
  ): Promise<DeviceKvCache> {
    const copier = new DeviceCopier(await open(await deviceCopyGraph(names.past.length, shape.element ?? 'float32')));
    try {
      const cache = new DeviceKvCache(memory, { shape, names, copier });
      await cache.#touch(cache.#arena, cache.capacity);
      await cache.#touch(cache.#slots, blockTokens);
      return cache;
    } catch (error) {
      throw lacksMemory(error as Error) ? noRoom(shape, error as Error) : error;
    }
  }

  private constructor(
    memory: DeviceMemory,
    { shape, names, copier }: { shape: KvCacheShape; names: CacheNames; copier: DeviceCopier },
  ) {
    // A row is a number of whole blocks, so that a block is one part of a tensor.
    this.capacity = Math.ceil(shape.capacity / blockTokens) * blockTokens;
    this.#shape = shape;
    this.#memory = memory;
    this.#copier = copier;
    this.#names = names;
    this.#arena = this.#allocate(shape.rows, this.capacity);
    this.#slots = shape.slots ? this.#allocate(shape.slots, blockTokens) : [];
    this.pool = {
      keep: (row, copies) => this.#copyBlocks(row, copies, 'keep'),
      restore: (row, slots) =>
        this.#copyBlocks(
          row,
          slots.map((slot, block) => ({ block, slot })),
          'restore',
        ),
    };
  }

  async view(first: number, past: readonly number[]): Promise<KvView> {
    const rows = past.length;
    if (first === 0) {
      const view = this.#views.get(rows) ?? this.#bindings(this.#arena, rows);
      this.#views.set(rows, view);
      return view;
    }
    await this.#growStage(rows);
    // Of a row without a past nothing is read.
    const begun = past.flatMap((tokens, row) => (tokens > 0 ? [{ from: first + row, to: row }] : []));
    await this.#copyRows(this.#arena, this.#stage, begun);
    return this.#bindings(this.#stage, rows);
  }

  async settle(first: number, rows: number): Promise<void> {
    if (first === 0) return;
    const places = Array.from({ length: rows }, (_, row) => ({ from: row, to: first + row }));
    await this.#copyRows(this.#stage, this.#arena, places);
  }

  async move(move: RowMove): Promise<void> {
    try {
      await this.#copyRows(this.#arena, this.#arena, [move]);
    } catch (error) {
      // It is no step's own: the row that was to be moved belongs to another.
      if (isOutOfMemory(error)) throw new OctavoError('engine_failed', error.message, null, { cause: error });
      throw error;
    }
  }

  /** The arena stays: a device's memory is given when it is asked for, not when it is written. */
  release(): void {
    this.#freeStage();
  }

  /** Before the session whose device it is: that frees the memory. */
  async close(): Promise<void> {
    await this.#copier.close();
  }

  async #copyRows(
    sources: readonly DeviceTensor[],
    targets: readonly DeviceTensor[],
    copies: readonly PartCopy[],
  ): Promise<void> {
    const { kvHeads, headDim } = this.#shape;
    await this.#copier.copy({ sources, targets, length: kvHeads * this.capacity * headDim }, copies);
  }

  /** In both memories the tokens of a block lie together for each head: a part of their own. */
  async #copyBlocks(row: number, blocks: readonly BlockCopy[], way: 'keep' | 'restore'): Promise<void> {
    const { kvHeads, headDim } = this.#shape;
    const blocksOfHead = this.capacity / blockTokens;
    const copies = blocks.flatMap(({ block, slot }) =>
      Array.from({ length: kvHeads }, (_, head) => {
        const [cached, kept] = [(row * kvHeads + head) * blocksOfHead + block, slot * kvHeads + head];
        return way === 'keep' ? { from: cached, to: kept } : { from: kept, to: cached };
      }),
    );
    const [sources, targets] = way === 'keep' ? [this.#arena, this.#slots] : [this.#slots, this.#arena];
    await this.#copier.copy({ sources, targets, length: blockTokens * headDim }, copies);
  }

  /** Throws `device_out_of_memory`, and what is in the arena is not touched; or `device_lost`. */
  async #growStage(rows: number): Promise<void> {
    if (rows <= this.#stageRows) return;
    this.#freeStage();
    this.#stage = this.#allocate(rows, this.capacity);
    this.#stageRows = rows;
    try {
      await this.#touch(this.#stage, this.capacity);
    } catch (error) {
      this.#freeStage();
      throw error;
    }
  }

  /** A run over new memory tells whether it was given: WebGPU does not say so before. Lost devices show here, too. */
  async #touch(tensors: readonly DeviceTensor[], tokens: number): Promise<void> {
    if (tensors.length === 0) return;
    const { headDim } = this.#shape;
    const length = Math.min(tokens, blockTokens) * headDim;
    await this.#copier.copy({ sources: tensors, targets: tensors, length }, [{ from: 0, to: 0 }]);
  }

  #freeStage(): void {
    for (const tensor of this.#stage) this.#memory.free(tensor);
    this.#stage = [];
    this.#stageRows = 0;
  }

  /** All of the tensors, or none. */
  #allocate(parts: number, tokens: number): readonly DeviceTensor[] {
    const { kvHeads, headDim, element = 'float32' } = this.#shape;
    const tensors: DeviceTensor[] = [];
    try {
      for (const _ of this.#names.past) tensors.push(this.#memory.allocate(element, [parts, kvHeads, tokens, headDim]));
      return tensors;
    } catch (error) {
      for (const tensor of tensors) this.#memory.free(tensor);
      throw error;
    }
  }

  #bindings(tensors: readonly DeviceTensor[], rows: number): KvView {
    const bound = tensors.map((tensor) => ({ ...tensor, dims: [rows, ...tensor.dims.slice(1)] }));
    const named = (names: readonly string[]) => new Map(names.map((name, index) => [name, bound[index]!]));
    return { past: named(this.#names.past), present: named(this.#names.present) };
  }
}

function isOutOfMemory(error: unknown): error is OctavoError {
  return error instanceof OctavoError && error.code === 'device_out_of_memory';
}

function noRoom({ rows, capacity, slots = 0, ...shape }: KvCacheShape, cause: Error): OctavoError {
  const mebibytes = (tokens: number) => Math.ceil((tokens * tokenBytes(shape)) / 2 ** 20);
  const known = slots === 0 ? '' : `, and known beginnings ${mebibytes(slots * blockTokens)} MiB (--prefix-cache)`;
  const message = `The device has no room for the KV cache: ${counted(rows, 'row')} of ${capacity} tokens take ${mebibytes(rows * capacity)} MiB (--rows, --context, --kv-memory)${known}.`;
  return new OctavoError('device_out_of_memory', message, null, { cause });
}
