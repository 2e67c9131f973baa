/** A model of one graph, the prompt and its continuation one text, that writes its cache in place. */
import type { Session, Tensor } from '../runtime/runtime.js';
import { type DecoderPorts, ownPorts } from './decoder-ports.js';
import { HostKvCache, type KvCache } from './kv-cache.js';
import type { BlockPool } from './kv-pool.js';
import type { Batch, DecoderShape, Guess, LanguageModel } from './language-model.js';
import { paddedLengths } from './padded-lengths.js';
import type { RowMove } from './step.js';
import { StepTensors, type WantedLogits } from './step-tensors.js';

export class CausalModel implements LanguageModel {
  readonly pool: BlockPool;
  readonly #session: Session;
  readonly #logitsName: string;
  readonly #cache: KvCache;
  readonly #tensors: StepTensors;

  constructor(
    session: Session,
    shape: DecoderShape,
    ports: DecoderPorts = ownPorts(shape.layers),
    cache: KvCache = new HostKvCache(shape, ports.cache),
  ) {
    this.#session = session;
    this.#logitsName = ports.logits;
    this.#cache = cache;
    this.pool = cache.pool;
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
    const { length, total } = paddedLengths(batch);
    const view = await this.#cache.view(firstRow, past);
    const inputs = this.#tensors.inputs(batch, { length, total }, wanted);
    const logits = this.#tensors.logits(ids.length, length, wanted);
    await this.#session.run(new Map([...inputs, ...view.past]), new Map([[this.#logitsName, logits], ...view.present]));
    await this.#cache.settle(firstRow, ids.length);
    return logits;
  }

  async move(move: RowMove, length: number): Promise<void> {
    await this.#cache.move(move, length);
  }

  release(): void {
    this.#cache.release();
  }

  async close(): Promise<void> {
    await this.#cache.close();
    await this.#session.close();
  }
}
