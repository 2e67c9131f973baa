/**
 * One model over several devices: each has a group of layers and hands its activations on. A step's rows are cut into as many
 * batches as there are devices where that is faster, so that one device works on some while the next works on others.
 */
import { performance } from 'node:perf_hooks';
import { invariant } from '../../errors.js';
import type { BlockPool } from './kv-pool.js';
import type { Batch, Guess, LanguageModel } from './language-model.js';
import type { MicroBatchPace } from './micro-batch-pace.js';
import { paddedLengths } from './padded-lengths.js';
import type { PipelineStage } from './pipeline-stage.js';
import type { RowMove } from './step.js';
import type { WantedLogits } from './step-tensors.js';

export class PipelineModel implements LanguageModel {
  readonly pool: BlockPool;
  readonly #stages: readonly PipelineStage[];
  readonly #pace: Pick<MicroBatchPace, 'choose' | 'observe'>;

  constructor(stages: readonly PipelineStage[], pace: Pick<MicroBatchPace, 'choose' | 'observe'>) {
    this.#stages = stages;
    this.#pace = pace;
    this.pool = {
      keep: (row, copies) => this.#each(({ cache }) => cache.pool.keep(row, copies)),
      restore: (row, slots) => this.#each(({ cache }) => cache.pool.restore(row, slots)),
    };
  }

  async forward(batch: Batch): Promise<readonly Float32Array[]> {
    const shape = { rows: batch.ids.length, length: paddedLengths(batch).length };
    const parts = cutRows(batch, this.#pace.choose(shape));
    const started = performance.now();
    const passing = parts.map((part, slot) => this.#pass(part, slot, 'last'));
    // All must have ended before anybody is told: whoever closes the model must not find a run in flight.
    await Promise.allSettled(passing);
    const logits = (await Promise.all(passing)).flat();
    this.#pace.observe(shape, parts.length, performance.now() - started);
    return logits;
  }

  async verify({ row, ids, past }: Guess): Promise<readonly Float32Array[]> {
    return this.#pass({ firstRow: row, ids: [ids], past: [past] }, 0, 'every');
  }

  async move(move: RowMove, length: number): Promise<void> {
    await this.#each(({ cache }) => cache.move(move, length));
  }

  release(): void {
    for (const { cache } of this.#stages) cache.release();
  }

  async close(): Promise<void> {
    await this.#each((stage) => stage.close());
  }

  /** The logits of each row, or of each new token of the only row. */
  async #pass(batch: Batch, slot: number, wanted: WantedLogits): Promise<readonly Float32Array[]> {
    const passage = { batch, slot, wanted, handed: new Map() };
    let result: Awaited<ReturnType<PipelineStage['run']>> = null;
    for (const stage of this.#stages) result = await stage.run(passage);
    invariant(result !== null, 'the last group of layers makes the logits');
    const { logits, tensors } = result;
    if (wanted === 'every') return batch.ids[0]!.map((_, position) => tensors.logitsAt(logits, position));
    return batch.ids.map((row, index) => tensors.lastLogits(logits, index, row.length));
  }

  /** One after the other: devices may be one and the same. */
  async #each(use: (stage: PipelineStage) => Promise<void>): Promise<void> {
    for (const stage of this.#stages) await use(stage);
  }
}

/** Consecutive rows, as alike in number as can be. */
export function cutRows({ firstRow, ids, past }: Batch, count: number): readonly Batch[] {
  const rows = ids.length;
  const parts: Batch[] = [];
  for (let part = 0; part < Math.min(count, rows); part++) {
    const [start, end] = [part, part + 1].map((edge) => Math.round((edge * rows) / Math.min(count, rows))) as [
      number,
      number,
    ];
    parts.push({ firstRow: firstRow + start, ids: ids.slice(start, end), past: past.slice(start, end) });
  }
  return parts;
}
