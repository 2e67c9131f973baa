/** The rows of a model: runs the steps that the scheduler decides. Lives in a worker thread. */
import { performance } from 'node:perf_hooks';
import { invariant } from '../../errors.js';
import type { Batch, LanguageModel } from './language-model.js';
import { sampleToken } from './sampler.js';
import type { Sampling } from './sampling.js';
import type { Decode, KeptPrefix, Prefill, RowMove, Step, StepResult } from './step.js';
import { TokenHistory } from './token-history.js';
import type { Weigher } from './weigher.js';

/** What the worker knows of the sequence in a row. */
interface Row {
  /** Tokens of its sequence that the model has read. */
  cached: number;
  /** The token that the next decode step reads. */
  next: number;
  sampling: Sampling | null;
  readonly history: TokenHistory;
}

export class Decoder {
  readonly #model: LanguageModel;
  readonly #weigher: Weigher;
  readonly #rows: (Row | undefined)[] = [];

  constructor(model: LanguageModel, weigher: Weigher) {
    this.#model = model;
    this.#weigher = weigher;
  }

  async step({ moves, work }: Step): Promise<StepResult> {
    for (const move of moves) this.#move(move);
    return work.kind === 'prefill' ? this.#prefill(work) : this.#decode(work);
  }

  async close(): Promise<void> {
    await this.#weigher.close();
    await this.#model.close();
  }

  #move(move: RowMove): void {
    const { from, to } = move;
    const row = this.#row(from);
    this.#model.move(move, row.cached);
    this.#rows[to] = row;
    this.#rows[from] = undefined;
  }

  async #prefill(work: Prefill): Promise<StepResult> {
    const { tokens, modelMs, sampleMs } = await this.#round(this.#prefillBatch(work));
    this.#keep(work);
    return { tokens: tokens.map((token) => (token === null ? [] : [token])), rounds: 1, modelMs, sampleMs };
  }

  async #decode({ rows, rounds }: Decode): Promise<StepResult> {
    const tokens: number[][] = Array.from({ length: rows }, () => []);
    const ms = { modelMs: 0, sampleMs: 0 };
    let [round, ended] = [0, false];
    for (; round < rounds && !ended; round++) {
      const { tokens: sampled, modelMs, sampleMs } = await this.#round(this.#decodeBatch(rows));
      ms.modelMs += modelMs;
      ms.sampleMs += sampleMs;
      for (const [row, token] of sampled.entries()) {
        tokens[row]!.push(token!);
        // Its row can be given to another now.
        if (this.#row(row).sampling?.stopTokens.includes(token!)) ended = true;
      }
    }
    return { tokens, rounds: round, ...ms };
  }

  /** Runs the model once. The sampled token of each row; `null` where the prompt has not ended. */
  async #round(batch: Batch) {
    const started = performance.now();
    const logits = await this.#model.forward(batch);
    const ran = performance.now();
    const tokens: (number | null)[] = [];
    for (const [index, row] of logits.entries()) tokens.push(await this.#sample(batch, index, row));
    return { tokens, modelMs: ran - started, sampleMs: performance.now() - ran };
  }

  #prefillBatch({ firstRow, chunks }: Prefill): Batch {
    chunks.forEach((chunk, index) => {
      if (chunk.past === 0 || chunk.prefix) this.#rows[firstRow + index] = newRow();
      if (chunk.prefix) this.#restore(firstRow + index, chunk.prefix);
      const row = this.#row(firstRow + index);
      invariant(row.cached === chunk.past, 'a chunk begins where the cache of its row ends');
      row.history.addPrompt(chunk.ids);
      row.sampling = chunk.sampling ?? null;
    });
    return { firstRow, ids: chunks.map(({ ids }) => ids), past: chunks.map(({ past }) => past) };
  }

  #restore(index: number, { slots, ids }: KeptPrefix): void {
    const row = this.#row(index);
    this.#model.pool?.restore(index, slots);
    row.cached = ids.length;
    row.history.addPrompt(ids);
  }

  #keep({ firstRow, chunks }: Prefill): void {
    chunks.forEach(({ keep = [] }, index) => {
      for (const copy of keep) this.#model.pool?.keep(firstRow + index, copy);
    });
  }

  #decodeBatch(rows: number): Batch {
    const batch = Array.from({ length: rows }, (_, index) => this.#row(index));
    return { firstRow: 0, ids: batch.map(({ next }) => [next]), past: batch.map(({ cached }) => cached) };
  }

  async #sample({ firstRow, ids, past }: Batch, index: number, logits: Float32Array): Promise<number | null> {
    const row = this.#row(firstRow + index);
    row.cached = past[index]! + ids[index]!.length;
    const { sampling, history } = row;
    if (sampling === null) return null;
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
