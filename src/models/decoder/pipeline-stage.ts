/** One device of a pipeline: a group of layers, with their share of the cache, that runs one batch at a time. */
import { OctavoError } from '../../errors.js';
import type { Session, Tensor, ValueType } from '../runtime/runtime.js';
import { Scratch } from '../worker/scratch.js';
import type { DecoderPorts } from './decoder-ports.js';
import type { KvCache } from './kv-cache.js';
import type { Batch } from './language-model.js';
import { paddedLengths } from './padded-lengths.js';
import type { RunQueue } from './run-queue.js';
import { StepTensors, type WantedLogits } from './step-tensors.js';

export interface StageParts {
  readonly session: Session;
  readonly cache: KvCache;
  /** What else runs on the same device, and must not run at once. */
  readonly queue: RunQueue;
  /** Activations that it has from stages before it, and leaves to those after it, by name. */
  readonly takes: readonly string[];
  readonly gives: ReadonlyMap<string, ValueType>;
}

/** A batch on its way through the stages. */
export interface Passage {
  readonly batch: Batch;
  readonly wanted: WantedLogits;
  /** Which of the batches that are on their way at once: each has memory of its own. */
  readonly slot: number;
  /** What the stages so far have left, by name: float, [rows, length, width]. */
  readonly handed: Map<string, Tensor>;
}

export class PipelineStage {
  readonly cache: KvCache;
  readonly #parts: StageParts;
  readonly #ports: DecoderPorts;
  readonly #vocab: number;
  readonly #slots: { readonly tensors: StepTensors; readonly given: ReadonlyMap<string, Scratch> }[] = [];

  constructor(parts: StageParts, ports: DecoderPorts, vocab: number) {
    this.#parts = parts;
    this.#ports = ports;
    this.#vocab = vocab;
    this.cache = parts.cache;
  }

  /** Runs the layers, and leaves what they make among `handed`. The logits, where the stage is the last. */
  run(passage: Passage): Promise<{ readonly logits: Tensor; readonly tensors: StepTensors } | null> {
    return this.#parts.queue.enter(() => this.#run(passage));
  }

  async close(): Promise<void> {
    await this.cache.close();
    await this.#parts.session.close();
  }

  async #run({ batch, wanted, slot, handed }: Passage) {
    const { session, takes, gives } = this.#parts;
    const { tensors, given } = this.#slot(slot);
    const rows = batch.ids.length;
    const lengths = paddedLengths(batch);
    const view = await this.cache.view(batch.firstRow, batch.past);
    const inputs = new Map([...tensors.inputs(batch, lengths, wanted)].filter(([name]) => this.#reads(name)));
    for (const name of takes) inputs.set(name, handed.get(name)!);
    const outputs = new Map<string, Tensor>();
    for (const [name, { dims }] of gives) {
      outputs.set(name, given.get(name)!.tensor([rows, lengths.length, ...(dims.slice(2) as number[])]));
    }
    const isLast = session.outputs.includes(this.#ports.logits);
    const logits = tensors.logits(isLast ? rows : 0, lengths.length, wanted);
    if (isLast) outputs.set(this.#ports.logits, logits);
    await session.run(new Map([...inputs, ...view.past]), new Map([...outputs, ...view.present]));
    await this.cache.settle(batch.firstRow, rows);
    for (const name of gives.keys()) handed.set(name, outputs.get(name)!);
    return isLast ? { logits, tensors } : null;
  }

  #reads(name: string): boolean {
    const { inputs, optionalInputs } = this.#parts.session;
    return inputs.includes(name) || optionalInputs.includes(name);
  }

  #slot(index: number) {
    this.#slots[index] ??= {
      tensors: new StepTensors(this.#parts.session, this.#ports, this.#vocab),
      given: new Map([...this.#parts.gives].map(([name, { type }]) => [name, new Scratch(type)])),
    };
    return this.#slots[index];
  }
}

/** Throws `unsupported_model` for an activation that is not [rows, length, width], or whose type is not known. */
export function checkActivation(name: string, type: ValueType | null): ValueType {
  const [rows, length, ...width] = type?.dims ?? [0];
  const fits = rows === null && length === null && width.length > 0 && !width.includes(null);
  if (type !== null && fits) return type;
  const shape = type === null ? 'unknown' : `[${type.dims.map((size) => size ?? '?').join(', ')}]`;
  const message = `The model cannot be cut into groups of layers: what crosses the cut, ${name}, has the shape ${shape}, not [rows, tokens, width].`;
  throw new OctavoError('unsupported_model', message);
}
