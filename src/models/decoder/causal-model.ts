/** A model of one graph, the prompt and its continuation one text, that writes its cache in place. */
import { invariant } from '../../errors.js';
import type { AnyTensor, Session } from '../runtime/runtime.js';
import type { CapturedDecode } from './captured-decode.js';
import { type DecoderPorts, ownPorts } from './decoder-ports.js';
import type { DeviceLogits } from './device-logits.js';
import { DeviceStep } from './device-step.js';
import { HostKvCache, type KvCache } from './kv-cache.js';
import type { BlockPool } from './kv-pool.js';
import type { Batch, DecoderShape, ForwardLogits, Guess, LanguageModel } from './language-model.js';
import type { StepLogits } from './logits.js';
import { paddedLengths } from './padded-lengths.js';
import { RowBuckets } from './row-buckets.js';
import type { RowMove } from './step.js';
import { StepTensors, type WantedLogits } from './step-tensors.js';

export interface CausalParts {
  readonly ports?: DecoderPorts;
  /** Where the graph runs. */
  readonly cache?: KvCache;
  /** What reads logits where they are; without it they come to the host. */
  readonly logits?: DeviceLogits | null;
  /** Decode steps that are captured, where `logits` are read. */
  readonly captured?: CapturedDecode | null;
}

export class CausalModel implements LanguageModel {
  readonly pool: BlockPool;
  readonly #session: Session;
  readonly #logitsName: string;
  readonly #cache: KvCache;
  readonly #tensors: StepTensors;
  readonly #logits: DeviceLogits | null;
  readonly #captured: CapturedDecode | null;
  /** Where steps are captured. */
  readonly #buckets: RowBuckets | null;

  constructor(
    session: Session,
    shape: DecoderShape,
    { ports = ownPorts(shape.layers), cache, logits, captured }: CausalParts = {},
  ) {
    this.#session = session;
    this.#logitsName = ports.logits;
    this.#cache = cache ?? new HostKvCache(shape, ports.cache);
    this.#logits = logits ?? null;
    this.#captured = captured ?? null;
    this.#buckets = captured ? new RowBuckets({ rows: shape.rows, capacity: this.#cache.capacity }) : null;
    this.pool = this.#cache.pool;
    this.#tensors = new StepTensors(session, ports, shape.vocab);
  }

  async forward(batch: Batch): Promise<ForwardLogits> {
    this.#buckets?.note(batch);
    if (this.#captured && this.#buckets && isDecode(batch)) {
      return this.#decode(this.#buckets.pad(batch), { rows: batch.ids.length, captured: this.#captured });
    }
    const logits = await this.#run(batch, 'last');
    if (!('data' in logits)) return this.#read(batch.ids.length);
    return batch.ids.map((row, index) => this.#tensors.lastLogits(logits, index, row.length));
  }

  async verify({ row, ids, past }: Guess): Promise<ForwardLogits> {
    const batch = { firstRow: row, ids: [ids], past: [past] };
    this.#buckets?.note(batch);
    const logits = await this.#run(batch, 'every');
    if (!('data' in logits)) return this.#read(ids.length);
    return ids.map((_, position) => this.#tensors.logitsAt(logits, position));
  }

  /** The first `rows` of a batch; those behind stand for nothing, and take part so that few numbers of rows are captured. */
  async #decode(
    padded: Batch,
    { rows, captured }: { readonly rows: number; readonly captured: CapturedDecode },
  ): Promise<StepLogits> {
    const view = await this.#cache.view(0, padded.past);
    // Of rows that hold nothing the past is 0, which elsewhere is a prompt's.
    const step = this.#tensors.inputs(padded, { length: 1, total: Math.max(...padded.past) + 1 });
    this.#logits?.read(await captured.run(padded.ids.length, step, view));
    return this.#read(rows);
  }

  async #run(batch: Batch, wanted: WantedLogits): Promise<AnyTensor> {
    const { ids, past, firstRow } = batch;
    const { length, total } = paddedLengths(batch);
    const view = await this.#cache.view(firstRow, past);
    const inputs = this.#tensors.inputs(batch, { length, total }, wanted);
    const logits = this.#target(ids.length, length, wanted);
    try {
      const outputs = new Map([[this.#logitsName, logits], ...view.present]);
      await this.#session.run(new Map([...inputs, ...view.past]), outputs);
    } catch (error) {
      this.#logits?.release();
      throw error;
    }
    await this.#cache.settle(firstRow, ids.length);
    return logits;
  }

  /** Where the graph writes logits. Of several positions of several rows few are read: such come to the host. */
  #target(rows: number, length: number, wanted: WantedLogits): AnyTensor {
    const positions = this.#tensors.positions(length, wanted);
    if (this.#logits === null || (positions > 1 && wanted === 'last')) {
      return this.#tensors.logits(rows, length, wanted);
    }
    return this.#logits.target(rows, positions);
  }

  #read(rows: number): StepLogits {
    invariant(this.#logits !== null, 'logits on a device have their reader');
    return new DeviceStep(this.#logits, rows);
  }

  async move(move: RowMove, length: number): Promise<void> {
    await this.#cache.move(move, length);
    this.#buckets?.move(move);
  }

  release(): void {
    this.#cache.release();
    this.#logits?.release();
    this.#buckets?.release();
  }

  async close(): Promise<void> {
    await this.#captured?.close();
    await this.#logits?.close();
    await this.#cache.close();
    await this.#session.close();
  }
}

/** One more token for each of the first rows. */
function isDecode({ firstRow, ids, past }: Batch): boolean {
  return firstRow === 0 && ids.every((row, index) => row.length === 1 && past[index]! > 0);
}
