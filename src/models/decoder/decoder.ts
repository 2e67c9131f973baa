/** A decoder and its KV cache: runs the steps that the scheduler decides. Lives in a worker thread. */
import { performance } from 'node:perf_hooks';
import { invariant } from '../../errors.js';
import { type Session, type Tensor, type TensorMap, zeros } from '../runtime/runtime.js';
import { KvArena, type KvShape } from './kv-arena.js';
import { sampleToken } from './sampler.js';
import type { Sampling } from './sampling.js';
import type { Prefill, RowMove, Step, StepResult } from './step.js';
import { TokenHistory } from './token-history.js';

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
  readonly #shape: DecoderShape;
  readonly #arena: KvArena;
  readonly #rows: (Row | undefined)[] = [];
  /** Logits of each row's last token only; a runtime that cannot say so gets those of every position. */
  readonly #lastOnly: boolean;
  readonly #needsPositions: boolean;
  #logits: Tensor = zeros('float32', [0]);

  constructor(session: Session, shape: DecoderShape) {
    this.#session = session;
    this.#shape = shape;
    this.#arena = new KvArena(shape);
    this.#lastOnly = session.optionalInputs.includes('num_logits_to_keep');
    this.#needsPositions = session.inputs.includes('position_ids');
  }

  async step({ moves, work }: Step): Promise<StepResult> {
    for (const move of moves) this.#move(move);
    const started = performance.now();
    const batch = work.kind === 'prefill' ? this.#prefillBatch(work) : this.#decodeBatch(work.rows);
    await this.#run(batch);
    const ran = performance.now();
    const tokens = batch.ids.map((_, index) => this.#sample(batch, index));
    return { tokens, modelMs: ran - started, sampleMs: performance.now() - ran };
  }

  async close(): Promise<void> {
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

  async #run(batch: Batch): Promise<void> {
    const rows = batch.ids.length;
    const view = this.#arena.view(batch.firstRow, rows);
    const { inputs, length } = this.#inputs(batch);
    this.#logits = this.#logitsTensor(rows, this.#lastOnly ? 1 : length);
    const outputs = new Map([['logits', this.#logits], ...view.present]);
    await this.#session.run(new Map([...inputs, ...view.past]), outputs);
  }

  /** `length` is the padded number of new tokens: at least two in a prefill, where one token would take another path. */
  #inputs({ ids, past }: Batch): { inputs: TensorMap; length: number } {
    const rows = ids.length;
    const decode = ids.every((row, index) => row.length === 1 && past[index]! > 0);
    const length = decode ? 1 : Math.max(2, ...ids.map((row) => row.length));
    const total = decode ? Math.max(...past) + 1 : past[0]! + length;
    const inputIds = zeros('int64', [rows, length]);
    const mask = zeros('int64', [rows, total]);
    for (let r = 0; r < rows; r++) {
      const row = ids[r]!;
      for (let i = 0; i < row.length; i++) inputIds.data[r * length + i] = BigInt(row[i]!);
      (mask.data as BigInt64Array).fill(1n, r * total, r * total + past[r]! + row.length);
    }
    const inputs = new Map([
      ['input_ids', inputIds],
      ['attention_mask', mask],
    ]);
    if (this.#lastOnly) inputs.set('num_logits_to_keep', one);
    if (this.#needsPositions) inputs.set('position_ids', positions(past, length));
    return { inputs, length };
  }

  /** Kept from step to step while its shape stays, so that it stays bound. */
  #logitsTensor(rows: number, kept: number): Tensor {
    const dims = [rows, kept, this.#shape.vocab];
    return dims.every((dim, index) => dim === this.#logits.dims[index]) ? this.#logits : zeros('float32', dims);
  }

  #sample({ firstRow, ids, past }: Batch, index: number): number | null {
    const row = this.#row(firstRow + index);
    row.cached = past[index]! + ids[index]!.length;
    if (row.sampling === null) return null;
    const [, kept, vocab] = this.#logits.dims as [number, number, number];
    const position = index * kept + (this.#lastOnly ? 0 : ids[index]!.length - 1);
    const logits = (this.#logits.data as Float32Array).subarray(position * vocab, (position + 1) * vocab);
    row.next = sampleToken(logits, row.sampling, row.history);
    row.history.addGenerated(row.next);
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

function positions(past: readonly number[], length: number): Tensor {
  const tensor = zeros('int64', [past.length, length]);
  past.forEach((start, row) => {
    for (let i = 0; i < length; i++) tensor.data[row * length + i] = BigInt(start + i);
  });
  return tensor;
}
