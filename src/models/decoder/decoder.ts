/** The rows of a model: runs the steps that the scheduler decides. Lives in a worker thread. */
import { performance } from 'node:perf_hooks';
import { invariant } from '../../errors.js';
import { DecoderRow } from './decoder-row.js';
import type { Batch, ForwardLogits, LanguageModel } from './language-model.js';
import { HostStep, type StepLogits } from './logits.js';
import { lookUp } from './prompt-lookup.js';
import type { Decode, KeptPrefix, Prefill, RowMove, Speculation, Step, StepResult } from './step.js';
import type { Weigher } from './weigher.js';

/** What some rounds have given. */
interface Rounds {
  /** New tokens of each row. */
  readonly tokens: number[][];
  /** Their log-probabilities, of rows that ask for them. */
  readonly likely: number[][];
  readonly ms: { model: number; sample: number };
  readonly guesses: { drafted: number; accepted: number };
}

export class Decoder {
  readonly #model: LanguageModel;
  readonly #weigher: Weigher;
  /** Somebody waits for the end of the step. */
  readonly #isInterrupted: () => boolean;
  readonly #rows: (DecoderRow | undefined)[] = [];

  constructor(model: LanguageModel, weigher: Weigher, isInterrupted: () => boolean = () => false) {
    this.#model = model;
    this.#weigher = weigher;
    this.#isInterrupted = isInterrupted;
  }

  async step({ moves, work }: Step): Promise<StepResult> {
    for (const move of moves) await this.#move(move);
    return work.kind === 'prefill' ? this.#prefill(work) : this.#decode(work);
  }

  /** No sequence is in a row. */
  async rest(): Promise<void> {
    this.#rows.length = 0;
    this.#model.release();
  }

  async close(): Promise<void> {
    await this.#weigher.close();
    await this.#model.close();
  }

  async #move(move: RowMove): Promise<void> {
    const { from, to } = move;
    const row = this.#row(from);
    await this.#model.move(move, row.cached);
    this.#rows[to] = row;
    this.#rows[from] = undefined;
  }

  async #prefill(work: Prefill): Promise<StepResult> {
    const result = noRounds(work.chunks.length);
    await this.#advance(await this.#prefillBatch(work), result);
    await this.#keep(work);
    const { tokens, likely, ms } = result;
    return { tokens, logProbabilities: likely, rounds: 1, modelMs: ms.model, sampleMs: ms.sample };
  }

  async #decode({ rows, rounds, speculation }: Decode): Promise<StepResult> {
    const result = noRounds(rows);
    let [round, ended] = [0, false];
    for (; round < rounds && !ended && !(round > 0 && this.#isInterrupted()); round++) {
      if (speculation === undefined) await this.#advance(this.#decodeBatch(0, rows), result);
      else for (let index = 0; index < rows; index++) await this.#speculate(index, speculation, result);
      // A row that has ended can be given to another sequence now.
      ended = result.tokens.some((tokens, row) => this.#row(row).ended || tokens.length === speculation?.mostTokens);
    }
    const { tokens, likely, ms, guesses } = result;
    const decoded = { tokens, logProbabilities: likely, rounds: round, modelMs: ms.model, sampleMs: ms.sample };
    return speculation === undefined ? decoded : { ...decoded, speculation: guesses };
  }

  /** Runs the model once, and samples a token for each row whose prompt has ended. */
  async #advance(batch: Batch, { tokens, likely, ms }: Rounds): Promise<void> {
    const started = performance.now();
    const logits = this.#readable(await this.#model.forward(batch));
    const ran = performance.now();
    await logits.each(async (values, index) => {
      const row = this.#row(batch.firstRow + index);
      row.cached = batch.past[index]! + batch.ids[index]!.length;
      const token = await row.sample(values);
      if (token !== null) tokens[index]!.push(token);
      if (row.logProbability !== null) likely[index]!.push(row.logProbability);
    });
    ms.model += ran - started;
    ms.sample += performance.now() - ran;
  }

  /**
   * One round of a row alone: guesses its next tokens, has the model read all of them at once, and takes those that it
   * would have sampled one by one, and the token after them.
   */
  async #speculate(index: number, { draftTokens, mostTokens }: Speculation, { tokens, likely, ms, guesses }: Rounds) {
    const row = this.#row(index);
    const left = mostTokens - tokens[index]!.length;
    const drafted = lookUp(row.history.ids, Math.min(draftTokens, left - 1));
    const started = performance.now();
    invariant(this.#model.verify !== undefined, 'guesses are for a model that can verify them');
    const logits = this.#readable(
      drafted.length === 0
        ? await this.#model.forward(this.#decodeBatch(index, 1))
        : await this.#model.verify({ row: index, ids: [row.next, ...drafted], past: row.cached }),
    );
    const ran = performance.now();
    let taken = 0;
    for (let right = true; right; taken++) {
      row.cached += 1;
      const token = await row.sample(logits.rows[taken]!);
      tokens[index]!.push(token!);
      if (row.logProbability !== null) likely[index]!.push(row.logProbability);
      right = token === drafted[taken] && !row.ended;
    }
    guesses.drafted += drafted.length;
    guesses.accepted += taken - 1;
    ms.model += ran - started;
    ms.sample += performance.now() - ran;
  }

  async #prefillBatch({ firstRow, chunks }: Prefill): Promise<Batch> {
    for (const [index, chunk] of chunks.entries()) {
      if (chunk.past === 0 || chunk.prefix) this.#rows[firstRow + index] = new DecoderRow();
      if (chunk.prefix) await this.#restore(firstRow + index, chunk.prefix);
      const row = this.#row(firstRow + index);
      invariant(row.cached === chunk.past, 'a chunk begins where the cache of its row ends');
      row.history.addPrompt(chunk.ids);
      row.sampling = chunk.sampling ?? null;
    }
    return { firstRow, ids: chunks.map(({ ids }) => ids), past: chunks.map(({ past }) => past) };
  }

  async #restore(index: number, { slots, ids }: KeptPrefix): Promise<void> {
    const row = this.#row(index);
    await this.#model.pool?.restore(index, slots);
    row.cached = ids.length;
    row.history.addPrompt(ids);
  }

  async #keep({ firstRow, chunks }: Prefill): Promise<void> {
    for (const [index, { keep }] of chunks.entries()) {
      if (keep) await this.#model.pool?.keep(firstRow + index, keep);
    }
  }

  #decodeBatch(firstRow: number, rows: number): Batch {
    const batch = Array.from({ length: rows }, (_, index) => this.#row(firstRow + index));
    return { firstRow, ids: batch.map(({ next }) => [next]), past: batch.map(({ cached }) => cached) };
  }

  #readable(logits: ForwardLogits): StepLogits {
    return 'each' in logits ? logits : new HostStep(logits, this.#weigher);
  }

  #row(index: number): DecoderRow {
    const row = this.#rows[index];
    invariant(row !== undefined, `row ${index} holds a sequence`);
    return row;
  }
}

function noRounds(rows: number): Rounds {
  return {
    tokens: Array.from({ length: rows }, () => []),
    likely: Array.from({ length: rows }, () => []),
    ms: { model: 0, sample: 0 },
    guesses: { drafted: 0, accepted: 0 },
  };
}
