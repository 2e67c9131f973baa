/** A model of one graph: the prompt and its continuation are one text. */
import type { Session, Tensor, TensorMap } from '../runtime/runtime.js';
import { Scratch } from '../worker/scratch.js';
import { fillIds, fillMask } from './batch-tensors.js';
import { KvArena } from './kv-arena.js';
import { KvPool } from './kv-pool.js';
import type { Batch, DecoderShape, LanguageModel } from './language-model.js';
import type { RowMove } from './step.js';

const one: Tensor = { type: 'int64', dims: [], data: new BigInt64Array(new ArrayBuffer(8)).fill(1n) };

export class CausalModel implements LanguageModel {
  readonly pool: KvPool;
  readonly #session: Session;
  readonly #vocab: number;
  readonly #arena: KvArena;
  /** Logits of each row's last token only; a graph that cannot do so gives those of every position. */
  readonly #lastOnly: boolean;
  readonly #needsPositions: boolean;
  readonly #ids = new Scratch('int64');
  readonly #mask = new Scratch('int64');
  readonly #positions = new Scratch('int64');
  readonly #logits = new Scratch('float32');

  constructor(session: Session, shape: DecoderShape) {
    this.#session = session;
    this.#vocab = shape.vocab;
    this.#arena = new KvArena(shape);
    this.pool = new KvPool(this.#arena, shape, shape.slots ?? 0);
    this.#lastOnly = session.optionalInputs.includes('num_logits_to_keep');
    this.#needsPositions = session.inputs.includes('position_ids');
  }

  async forward(batch: Batch): Promise<readonly Float32Array[]> {
    const { ids, past, firstRow } = batch;
    const decode = ids.every((row, index) => row.length === 1 && past[index]! > 0);
    // At least two tokens in a prefill: a single one would take another path through attention.
    const length = decode ? 1 : Math.max(2, ...ids.map((row) => row.length));
    const total = decode ? Math.max(...past) + 1 : past[0]! + length;
    const view = this.#arena.view(firstRow, ids.length);
    const logits = this.#logits.tensor([ids.length, this.#lastOnly ? 1 : length, this.#vocab]);
    const inputs = this.#inputs(batch, length, total);
    await this.#session.run(new Map([...inputs, ...view.past]), new Map([['logits', logits], ...view.present]));
    return ids.map((row, index) => this.#lastLogits(logits, index, row.length));
  }

  move({ from, to }: RowMove, length: number): void {
    this.#arena.move(from, to, length);
  }

  async close(): Promise<void> {
    await this.#session.close();
  }

  /** `length` and `total`: padded tokens of each row, new ones and with those in the cache. */
  #inputs({ ids, past }: Batch, length: number, total: number): TensorMap {
    const rows = ids.length;
    const lengths = ids.map((row, index) => past[index]! + row.length);
    const inputs = new Map([
      ['input_ids', fillIds(this.#ids.tensor([rows, length]), ids)],
      ['attention_mask', fillMask(this.#mask.tensor([rows, total]), lengths)],
    ]);
    if (this.#lastOnly) inputs.set('num_logits_to_keep', one);
    if (this.#needsPositions) inputs.set('position_ids', fillPositions(this.#positions.tensor([rows, length]), past));
    return inputs;
  }

  #lastLogits({ dims, data }: Tensor, row: number, length: number): Float32Array {
    const [, kept, vocab] = dims as [number, number, number];
    const position = row * kept + (this.#lastOnly ? 0 : length - 1);
    return (data as Float32Array).subarray(position * vocab, (position + 1) * vocab);
  }
}

function fillPositions(tensor: Tensor, past: readonly number[]): Tensor {
  const length = tensor.dims[1]!;
  past.forEach((start, row) => {
    for (let i = 0; i < length; i++) tensor.data[row * length + i] = BigInt(start + i);
  });
  return tensor;
}
