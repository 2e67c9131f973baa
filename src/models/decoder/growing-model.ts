/**
 * A model of one graph that does not write its cache in place: each step gives the whole cache anew, longer by its
 * tokens, as most exporters draw it. Every row runs by itself, without padding, so its tokens cannot depend on others.
 */
import type { Session } from '../runtime/runtime.js';
import type { DecoderPorts } from './decoder-ports.js';
import { GrowingCache } from './growing-cache.js';
import type { Batch, DecoderShape, LanguageModel } from './language-model.js';
import type { RowMove } from './step.js';
import { StepTensors } from './step-tensors.js';

export class GrowingModel implements LanguageModel {
  /** Blocks of a prompt would have to be cut out of tensors of another length each time. */
  readonly pool = null;
  readonly #session: Session;
  readonly #shape: DecoderShape;
  readonly #ports: DecoderPorts;
  readonly #tensors: StepTensors;
  readonly #caches: GrowingCache[];
  /** The last logits of each row of a step, [vocab]. */
  readonly #results: Float32Array[] = [];

  constructor(session: Session, shape: DecoderShape, ports: DecoderPorts) {
    this.#session = session;
    this.#shape = shape;
    this.#ports = ports;
    this.#tensors = new StepTensors(session, ports, shape.vocab);
    this.#caches = Array.from({ length: shape.rows }, () => new GrowingCache(shape, ports));
  }

  async forward({ firstRow, ids, past }: Batch): Promise<readonly Float32Array[]> {
    const results: Float32Array[] = [];
    for (const [index, row] of ids.entries()) {
      const result = this.#resultOf(index);
      result.set(await this.#runRow(firstRow + index, row, past[index]!));
      results.push(result);
    }
    return results;
  }

  async move({ from, to }: RowMove): Promise<void> {
    const [source, target] = [this.#caches[from]!, this.#caches[to]!];
    this.#caches[to] = source;
    this.#caches[from] = target;
  }

  release(): void {
    for (const cache of this.#caches) cache.release();
  }

  async close(): Promise<void> {
    await this.#session.close();
  }

  /** The logits after the last of `ids`, [vocab]; they hold until the next run. */
  async #runRow(row: number, ids: readonly number[], past: number): Promise<Float32Array> {
    const { length } = ids;
    const inputs = this.#tensors.inputs({ ids: [ids], past: [past] }, { length, total: past + length });
    const logits = this.#tensors.logits(1, length);
    const cache = this.#caches[row]!.grow(past, past + length);
    await this.#session.run(
      new Map([...inputs, ...cache.past]),
      new Map([[this.#ports.logits, logits], ...cache.present]),
    );
    return this.#tensors.lastLogits(logits, 0, length);
  }

  #resultOf(index: number): Float32Array {
    this.#results[index] ??= new Float32Array(new ArrayBuffer(this.#shape.vocab * Float32Array.BYTES_PER_ELEMENT));
    return this.#results[index];
  }
}
