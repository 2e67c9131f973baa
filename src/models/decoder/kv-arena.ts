/** The KV cache of all rows: one block per layer for keys and one for values, written in place by the model. */
import { type AnyTensor, elementBytes, type Tensor, viewOf } from '../runtime/runtime.js';
import { type CacheNames, cacheNames } from './decoder-ports.js';

export interface KvShape {
  readonly layers: number;
  readonly kvHeads: number;
  readonly headDim: number;
  /** Sequences that are cached at once at most. */
  readonly rows: number;
  /** Tokens that a row can hold. */
  readonly capacity: number;
  /** What keys and values are stored as; float32 when left out. */
  readonly element?: CacheElement | undefined;
}

export type CacheElement = 'float32' | 'float16' | 'int8';

/** Values of a cache; of float16 the bits, of int8 in the graph's steps. */
export type CacheArray = Float32Array | Uint16Array | Int8Array;

/** The bindings of some consecutive rows: the same tensors are the step's past and its present. */
export interface KvView<T extends AnyTensor = AnyTensor> {
  /** Keys and values of every layer, `past_key_values.N.key|value` in graphs of Octavo's own. */
  readonly past: ReadonlyMap<string, T>;
  /** The same, `present.N.key|value`. */
  readonly present: ReadonlyMap<string, T>;
}

export class KvArena {
  /** In the order of the blocks. */
  readonly names: CacheNames;
  readonly #shape: KvShape;
  readonly #element: CacheElement;
  /** They can shrink to nothing and grow again without moving: what is bound stays bound. */
  readonly #memory: readonly ArrayBuffer[];
  readonly #blocks: readonly CacheArray[];
  /** Of the rows from 0 on, by their number. */
  readonly #views = new Map<number, KvView<Tensor>>();

  constructor(shape: KvShape, names: CacheNames = cacheNames(shape.layers)) {
    this.#shape = shape;
    this.names = names;
    const { rows, kvHeads, capacity, headDim } = shape;
    this.#element = shape.element ?? 'float32';
    const length = rows * kvHeads * capacity * headDim;
    const bytes = length * elementBytes[this.#element];
    // The system gives memory to a page when it is first written.
    this.#memory = names.past.map(() => new ArrayBuffer(bytes, { maxByteLength: bytes }));
    this.#blocks = this.#memory.map((memory) => viewOf(this.#element, memory, length) as CacheArray);
  }

  /** Gives all memory back to the system until it is written again; what was in the rows is lost. */
  release(): void {
    for (const memory of this.#memory) {
      memory.resize(0);
      memory.resize(memory.maxByteLength);
    }
  }

  /** Rows `first … first + rows - 1`. Rows from the first one on give the same tensors again: decode steps find them bound. */
  view(first: number, rows: number): KvView<Tensor> {
    if (first > 0) return this.#createView(first, rows);
    const view = this.#views.get(rows) ?? this.#createView(0, rows);
    this.#views.set(rows, view);
    return view;
  }

  /** All memory, keys and values in turn, layer by layer: each [rows, kvHeads, capacity, headDim]. */
  get blocks(): readonly CacheArray[] {
    return this.#blocks;
  }

  /** Copies the first `length` tokens of row `from` over row `to`. */
  move(from: number, to: number, length: number): void {
    const { kvHeads, capacity, headDim } = this.#shape;
    const head = capacity * headDim;
    for (const block of this.#blocks) {
      for (let h = 0; h < kvHeads; h++) {
        const source = (from * kvHeads + h) * head;
        block.copyWithin((to * kvHeads + h) * head, source, source + length * headDim);
      }
    }
  }

  /**
   * Copies keys and values that were computed elsewhere into the rows from `first` on. `sources`: one for each of `names`,
   * [rows, kvHeads, tokens, headDim]. `lengths`: tokens to take of each row.
   */
  fill(first: number, sources: readonly Tensor[], lengths: readonly number[]): void {
    const { kvHeads, capacity, headDim } = this.#shape;
    sources.forEach(({ dims, data }, index) => {
      const [source, head] = [data as CacheArray, dims[2]! * headDim];
      lengths.forEach((length, row) => {
        for (let h = 0; h < kvHeads; h++) {
          const start = (row * kvHeads + h) * head;
          const target = ((first + row) * kvHeads + h) * capacity * headDim;
          this.#blocks[index]!.set(source.subarray(start, start + length * headDim), target);
        }
      });
    });
  }

  #createView(first: number, rows: number): KvView<Tensor> {
    const { kvHeads, capacity, headDim } = this.#shape;
    const row = kvHeads * capacity * headDim;
    const past = new Map<string, Tensor>();
    const present = new Map<string, Tensor>();
    this.#blocks.forEach((block, index) => {
      const data = block.subarray(first * row, (first + rows) * row);
      const tensor: Tensor = { type: this.#element, dims: [rows, kvHeads, capacity, headDim], data };
      past.set(this.names.past[index]!, tensor);
      present.set(this.names.present[index]!, tensor);
    });
    return { past, present };
  }
}
