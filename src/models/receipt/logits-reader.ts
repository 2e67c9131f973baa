/** A model's logits for every position of a text, some positions at a time. Lives in a worker thread. */
import { KvArena } from '../decoder/kv-arena.js';
import type { DecoderShape } from '../decoder/language-model.js';
import { type Session, type Tensor, zeros } from '../runtime/runtime.js';

/** Bytes of logits that one run may give. */
const logitsBytes = 32 << 20;

export class LogitsReader {
  readonly #session: Session;
  readonly #vocab: number;
  readonly #arena: KvArena;
  #logits: Tensor = zeros('float32', [0]);

  /** Uses row 0 of a KV cache of `shape`. */
  constructor(session: Session, shape: DecoderShape) {
    this.#session = session;
    this.#vocab = shape.vocab;
    this.#arena = new KvArena(shape);
  }

  /**
   * The logits after each of `ids`, [ids, vocab], when `past` tokens of the same text went through before. Holds until
   * the next call. At least two ids: one alone would take the path of decode steps, which rounds otherwise.
   */
  async read(ids: readonly number[], past: number): Promise<Float32Array> {
    const { past: keys, present } = this.#arena.view(0, 1);
    const inputs = new Map([
      ['input_ids', integers(ids)],
      ['attention_mask', integers(new Array<number>(past + ids.length).fill(1))],
      ...keys,
    ]);
    if (this.#session.inputs.includes('position_ids')) {
      inputs.set('position_ids', integers(ids.map((_, index) => past + index)));
    }
    // `num_logits_to_keep` is left out: its default is every position.
    if (this.#logits.dims[1] !== ids.length) this.#logits = zeros('float32', [1, ids.length, this.#vocab]);
    await this.#session.run(inputs, new Map([['logits', this.#logits], ...present]));
    return this.#logits.data as Float32Array;
  }

  async close(): Promise<void> {
    await this.#session.close();
  }
}

/** Lengths that `length` tokens are read in: bounded by the memory of their logits, none of them one. */
export function chunkLengths(length: number, vocab: number): number[] {
  const most = Math.max(3, Math.floor(logitsBytes / (4 * vocab)));
  const lengths: number[] = [];
  for (let left = length; left > 0; left -= lengths.at(-1)!) {
    lengths.push(left <= most ? left : left === most + 1 ? most - 1 : most);
  }
  return lengths;
}

/** int64 [1, values] */
export function integers(values: readonly number[]): Tensor {
  const tensor = zeros('int64', [1, values.length]);
  values.forEach((value, index) => {
    tensor.data[index] = BigInt(value);
  });
  return tensor;
}
