/** A model of one graph, the prompt and its continuation one text, that writes its cache in place. */
import type { Session, Tensor } from '../runtime/runtime.js';
import { type DecoderPorts, ownPorts } from './decoder-ports.js';
import { KvArena } from './kv-arena.js';
import { KvPool } from './kv-pool.js';
import type { Batch, DecoderShape, Guess, LanguageModel } from './language-model.js';
import type { RowMove } from './step.js';
import { StepTensors, type WantedLogits } from './step-tensors.js';

export class CausalModel implements LanguageModel {
  readonly pool: KvPool;
  readonly #session: Session;
  readonly #logitsName: string;
  readonly #arena: KvArena;
  readonly #tensors: StepTensors;

  constructor(session: Session, shape: DecoderShape, ports: DecoderPorts = ownPorts(shape.layers)) {
    this.#session = session;
    this.#logitsName = ports.logits;
    this.#arena = new KvArena(shape, ports.cache);
    this.pool = new KvPool(this.#arena, shape, shape.slots ?? 0);
    this.#tensors = new StepTensors(session, ports, shape.vocab);
  }

  async forward(batch: Batch): Promise<readonly Float32Array[]> {
    const logits = await this.#run(batch, 'last');
    return batch.ids.map((row, index) => this.#tensors.lastLogits(logits, index, row.length));
  }

  async verify({ row, ids, past }: Guess): Promise<readonly Float32Array[]> {
    const logits = await this.#run({ firstRow: row, ids: [ids], past: [past] }, 'every');
    return ids.map((_, position) => this.#tensors.logitsAt(logits, position));
  }

  async #run(batch: Batch, wanted: WantedLogits): Promise<Tensor> {
    const { ids, past, firstRow } = batch;
    const decode = ids.every((row, index) => row.length === 1 && past[index]! > 0);
    // At least two tokens in a prefill: a single one would take another path through attention.
    const length = decode ? 1 : Math.max(2, ...ids.map((row) => row.length));
    const total = decode ? Math.max(...past) + 1 : past[0]! + length;
    const view = this.#arena.view(firstRow, ids.length);
    const inputs = this.#tensors.inputs(batch, { length, total }, wanted);
    const logits = this.#tensors.logits(ids.length, length, wanted);
    await this.#session.run(new Map([...inputs, ...view.past]), new Map([[this.#logitsName, logits], ...view.present]));
    return logits;
  }

  move({ from, to }: RowMove, length: number): void {
    this.#arena.move(from, to, length);
  }

  release(): void {
    this.#arena.release();
  }

  async close(): Promise<void> {
    await this.#session.close();
  }
}
