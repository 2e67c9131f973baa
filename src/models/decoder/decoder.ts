/** A decoder and its KV cache: runs the steps that the scheduler decides. Lives in a worker thread. */
import { performance } from 'node:perf_hooks';
import { invariant } from '../../errors.js';
import type { Session, Tensor, TensorMap } from '../runtime/runtime.js';
import { Scratch } from '../worker/scratch.js';
import { KvArena, type KvShape } from './kv-arena.js';
import { sampleToken } from './sampler.js';
import type { Sampling } from './sampling.js';
import type { Prefill, RowMove, Step, StepResult } from './step.js';
import { TokenHistory } from './token-history.js';
import type { Weigher } from './weigher.js';

export interface DecoderShape extends KvShape {
  readonly vocab: number;
}

/** What the worker knows of the sequence in a row. */
interface Row {
  /** Tokens in the KV cache. */
  cached: number;
  /** The token that the next decode step reads. */
  next: number;
  sampling: Sampling | null;
  readonly history: TokenHistory;
}

/** The new tokens of some consecutive rows, right-padded to the same length. */
interface Batch {
  readonly firstRow: number;
  readonly ids: readonly (readonly number[])[];
  /** Tokens in the cache of each row before the step. */
  readonly past: readonly number[];
}

const one: Tensor = { type: 'int64', dims: [], data: new BigInt64Array(new ArrayBuffer(8)).fill(1n) };

export class Decoder {
  readonly #session: Session;
  readonly #weigher: Weigher;
  readonly #shape: DecoderShape;
  readonly #arena: KvArena;
  readonly #rows: (Row | undefined)[] = [];
  /** Logits of each row's last token only; a runtime that cannot say so gets those of every position. */
  readonly #lastOnly: boolean;
  readonly #needsPositions: boolean;
  readonly #ids = new Scratch('int64');
  readonly #mask = new Scratch('int64');
  readonly #positions = new Scratch('int64');
  readonly #logits = new Scratch('float32');

  constructor(session: Session, shape: DecoderShape, weigher: Weigher) {
    this.#session = session;
    this.#weigher = weigher;
    this.#shape = shape;
    this.#arena = new KvArena(shape);
    this.#lastOnly = session.optionalInputs.includes('num_logits_to_keep');
    this.#needsPositions = session.inputs.includes('position_ids');
  }

  async step({ moves, work }: Step): Promise<StepResult> {
    for (const move of moves) this.#move(move);
    const started = performance.now();
    const batch = work.kind === 'prefill' ? this.#prefillBatch(work) : this.#decodeBatch(work.rows);
    const logits = await this.#run(batch);
    const ran = performance.now();
    const tokens: (number | null)[] = [];
    for (const index of batch.ids.keys()) tokens.push(await this.#sample(batch, index, logits));
    return { tokens, modelMs: ran - started, sampleMs: performance.now() - ran };
  }

  async close(): Promise<void> {
    await this.#weigher.close();
    await this.#session.close();
  }

  #move({ from, to }: RowMove): void {
    const row = this.#row(from);
    this.#arena.move(from, to, row.cached);
    this.#rows[to] = row;
    this.#rows[from] = undefined;
  }

  #prefillBatch({ firstRow, chunks }: Prefill): Batch {
    chunks.forEach((chunk, index) => {
      if (chunk.past === 0) this.#rows[firstRow + index] = newRow();
      const row = this.#row(firstRow + index);
      invariant(row.cached === chunk.past, 'a chunk begins where the cache of its row ends');
      row.history.addPrompt(chunk.ids);
      row.sampling = chunk.sampling ?? null;
    });
    return { firstRow, ids: chunks.map(({ ids }) => ids), past: chunks.map(({ past }) => past) };
  }

  #decodeBatch(rows: number): Batch {
    const batch = Array.from({ length: rows }, (_, index) => this.#row(index));
    return { firstRow: 0, ids: batch.map(({ next }) => [next]), past: batch.map(({ cached }) => cached) };
  }

  /** Runs the model over a batch; returns the logits `[rows, kept, vocab]`. */
  async #run(batch: Batch): Promise<Tensor> {
    const { ids, past, firstRow } = batch;
    const decode = ids.every((row, index) => row.length === 1 && past[index]! > 0);
    // At least two tokens in a prefill: a single one would take another path through attention.
    const length = decode ? 1 : Math.max(2, ...ids.map((row) => row.length));
    const total = decode ? Math.max(...past) + 1 : past[0]! + length;
    const view = this.#arena.view(firstRow, ids.length);
    const logits = this.#logits.tensor([ids.length, this.#lastOnly ? 1 : length, this.#shape.vocab]);
    const inputs = this.#inputs(batch, length, total);
    await this.#session.run(new Map([...inputs, ...view.past]), new Map([['logits', logits], ...view.present]));
    return logits;
  }

  /** `length` and `total`: padded tokens of each row, new ones and with those in the cache. */
  #inputs({ ids, past }: Batch, length: number, total: number): TensorMap {
    const rows = ids.length;
    const inputIds = this.#ids.tensor([rows, length]);
    const mask = this.#mask.tensor([rows, total]);
    const [idData, maskData] = [inputIds.data as BigInt64Array, mask.data as BigInt64Array];
    for (let r = 0; r < rows; r++) {
      const row = ids[r]!;
      for (let i = 0; i < length; i++) idData[r * length + i] = BigInt(row[i] ?? 0);
      maskData.fill(1n, r * total, r * total + past[r]! + row.length);
      maskData.fill(0n, r * total + past[r]! + row.length, (r + 1) * total);
    }
    const inputs = new Map([
      ['input_ids', inputIds],
      ['attention_mask', mask],
    ]);
    if (this.#lastOnly) inputs.set('num_logits_to_keep', one);
    if (this.#needsPositions) inputs.set('position_ids', fillPositions(this.#positions.tensor([rows, length]), past));
    return inputs;
  }

  async #sample({ firstRow, ids, past }: Batch, index: number, { dims, data }: Tensor): Promise<number | null> {
    const row = this.#row(firstRow + index);
    row.cached = past[index]! + ids[index]!.length;
    const { sampling, history } = row;
    if (sampling === null) return null;
    const [, kept, vocab] = dims as [number, number, number];
    const position = index * kept + (this.#lastOnly ? 0 : ids[index]!.length - 1);
    const logits = (data as Float32Array).subarray(position * vocab, (position + 1) * vocab);
    row.next = await sampleToken(logits, { sampling, history }, this.#weigher);
    history.addGenerated(row.next);
    return row.next;
  }

  #row(index: number): Row {
    const row = this.#rows[index];
    invariant(row !== undefined, `row ${index} holds a sequence`);
    return row;
  }
}

function newRow(): Row {
  return { cached: 0, next: 0, sampling: null, history: new TokenHistory() };
}

function fillPositions(tensor: Tensor, past: readonly number[]): Tensor {
  const length = tensor.dims[1]!;
  past.forEach((start, row) => {
    for (let i = 0; i < length; i++) tensor.data[row * length + i] = BigInt(start + i);
  });
  return tensor;
}
