/** A graph without weights: the KV cache holds the token ids themselves, and logits follow from what is cached. */
import type { Session, Tensor, TensorMap } from '#octavo/models/runtime/runtime.js';

export interface FakeGraph {
  readonly vocab: number;
  /** The graph takes `num_logits_to_keep`: logits of each row's last token only. */
  readonly lastOnly?: boolean;
  /** The graph takes `position_ids`. */
  readonly positions?: boolean;
}

/** The token after `ids`, when greedy. */
export function tokenAfter(ids: readonly number[], vocab: number): number {
  return ids.reduce((hash, id) => (hash * 31 + id + 7) % 65_521, 1) % vocab;
}

const keep = 'num_logits_to_keep';

export class FakeSession implements Session {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[] = ['logits'];
  readonly optionalInputs: readonly string[];
  readonly placement = [];
  readonly device = null;
  /** What each run was given. */
  readonly runs: { readonly inputs: TensorMap; readonly outputs: TensorMap }[] = [];
  closed = false;
  readonly #graph: FakeGraph;

  constructor(graph: FakeGraph) {
    this.#graph = graph;
    this.inputs = ['input_ids', 'attention_mask', ...(graph.positions ? ['position_ids'] : [])];
    this.optionalInputs = graph.lastOnly ? [keep] : [];
  }

  async run(inputs: TensorMap, outputs: TensorMap): Promise<void> {
    this.runs.push({ inputs, outputs });
    const ids = find(inputs, 'input_ids');
    const [rows, length] = ids.dims as [number, number];
    const lengths = rowLengths(find(inputs, 'attention_mask'));
    for (let row = 0; row < rows; row++) {
      const total = lengths[row]!;
      const past = length === 1 ? total - 1 : find(inputs, 'attention_mask').dims[1]! - length;
      const fresh = Array.from({ length }, (_, i) => Number(ids.data[row * length + i]));
      this.#checkPositions(inputs, { row, past, length });
      for (const cache of caches(inputs, outputs)) write(cache, { row, past, fresh });
      for (let i = 0; i < length; i++) {
        const last = past + i === total - 1;
        if (last || !this.#lastOnly(inputs)) this.#answer(inputs, outputs, { row, index: i, tokens: past + i + 1 });
      }
    }
  }

  /** The graph can give the last logits alone, and is asked to. */
  #lastOnly(inputs: TensorMap): boolean {
    return Boolean(this.#graph.lastOnly) && inputs.has(keep) && find(inputs, keep).data[0] === 1n;
  }

  async close(): Promise<void> {
    this.closed = true;
  }

  #checkPositions(inputs: TensorMap, at: { row: number; past: number; length: number }): void {
    if (!this.#graph.positions) return;
    const { data } = find(inputs, 'position_ids');
    for (let i = 0; i < at.length; i++) {
      if (Number(data[at.row * at.length + i]) !== at.past + i) throw new Error(`position ${i} of row ${at.row}`);
    }
  }

  /** Logits 1 for the token after the first `tokens` cached ones, 0 for the others. */
  #answer(inputs: TensorMap, outputs: TensorMap, at: { row: number; index: number; tokens: number }): void {
    const logits = find(outputs, 'logits');
    const { vocab } = this.#graph;
    const kept = logits.dims[1]!;
    const offset = (at.row * kept + (this.#lastOnly(inputs) ? 0 : at.index)) * vocab;
    logits.data.fill(0 as never, offset, offset + vocab);
    logits.data[offset + tokenAfter(readCache(inputs, outputs, at), vocab)] = 1;
  }
}

function find(tensors: TensorMap, name: string): Tensor {
  const tensor = tensors.get(name);
  if (tensor === undefined || !('data' in tensor)) throw new Error(`no tensor of ours ${name}`);
  return tensor;
}

function rowLengths(mask: Tensor): number[] {
  const [rows, width] = mask.dims as [number, number];
  return Array.from({ length: rows }, (_, row) => {
    const bits = Array.from({ length: width }, (_, i) => Number(mask.data[row * width + i]));
    if (bits.join('').includes('01')) throw new Error(`row ${row} is not padded on the right`);
    return bits.reduce((sum, bit) => sum + bit, 0);
  });
}

/** Every past tensor, which must be its present one: the cache is written in place. */
function caches(inputs: TensorMap, outputs: TensorMap): Tensor[] {
  return [...inputs.keys()].flatMap((name) => {
    if (!name.startsWith('past_key_values.')) return [];
    const past = find(inputs, name);
    if (find(outputs, name.replace('past_key_values', 'present')) !== past) throw new Error(`${name} is not in place`);
    return [past];
  });
}

/** The ids go into every head and element of `cache` [rows, kvHeads, capacity, headDim]. */
function write(cache: Tensor, { row, past, fresh }: { row: number; past: number; fresh: readonly number[] }): void {
  const [, heads, capacity, headDim] = cache.dims as [number, number, number, number];
  for (let head = 0; head < heads; head++) {
    fresh.forEach((id, i) => {
      const at = ((row * heads + head) * capacity + past + i) * headDim;
      cache.data.fill(id as never, at, at + headDim);
    });
  }
}

/** The ids that are cached in a row, which all layers, heads and elements must agree on. */
function readCache(inputs: TensorMap, outputs: TensorMap, at: { row: number; tokens: number }): number[] {
  const read = caches(inputs, outputs).flatMap(({ data, dims }) => {
    const [, heads, capacity, headDim] = dims as [number, number, number, number];
    return Array.from({ length: heads * headDim }, (_, i) => {
      const head = at.row * heads + Math.floor(i / headDim);
      return Array.from({ length: at.tokens }, (_, t) => Number(data[(head * capacity + t) * headDim + (i % headDim)]));
    });
  });
  for (const ids of read) {
    if (ids.join() !== read[0]!.join()) throw new Error(`the layers and heads of row ${at.row} hold different tokens`);
  }
  return read[0]!;
}
