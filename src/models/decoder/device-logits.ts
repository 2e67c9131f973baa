/** Logits that stay on the device that computed them: of a row only what choosing its token takes comes to the host. */
import { invariant } from '../../errors.js';
import type { AnyTensor, DeviceMemory, DeviceTensor, Session, Tensor } from '../runtime/runtime.js';
import { Scratch } from '../worker/scratch.js';
import type { GraphOpener } from '../worker/serve-steps.js';
import { devicePartsGraph } from './device-copy.js';
import { DeviceScratch } from './device-scratch.js';
import { likeliestGraph } from './likeliest-graph.js';
import type { Weigher } from './weigher.js';
import { weighingGraph } from './weighing-graph.js';
import { blocksOf, blockTokens } from './weights.js';

interface Graphs {
  /** Of `likeliestGraph`, `weighingGraph` and `devicePartsGraph`. */
  readonly likeliest: Session;
  readonly weighing: Session;
  readonly parts: Session;
}

/** What `likeliestGraph` gives. */
export interface Likeliest {
  readonly sum: Float32Array;
  readonly block: Float32Array;
  readonly values: Float32Array;
}

/** What of `weighingGraph` comes to the host. */
export interface BlockWeights {
  readonly sums: Float32Array;
  readonly peaks: Float32Array;
}

export class DeviceLogits {
  readonly vocab: number;
  /** For rows that are fetched. */
  readonly weigher: Weigher;
  readonly #graphs: Graphs;
  /** [rows, vocab] and [rows, blocks, blockTokens] */
  readonly #scratch: DeviceScratch;
  /** What was written last. */
  #logits: DeviceTensor | null = null;
  readonly #weights: DeviceScratch;
  readonly #factors = new Scratch('float32');
  readonly #from = new Scratch('int64');
  readonly #parts = new Scratch('float32');
  /** What comes to the host, by the names of the graphs' outputs. */
  readonly #results = new Map<string, Scratch>();
  /** Weights of each row, as far as they have come: used again by every step. */
  readonly #values: Float32Array[] = [];

  /** Throws what opening a session throws. */
  static async open(
    memory: DeviceMemory,
    { vocab, weigher }: { readonly vocab: number; readonly weigher: Weigher },
    { open }: Pick<GraphOpener, 'open'>,
  ): Promise<DeviceLogits> {
    const graphs = {
      likeliest: await open(await likeliestGraph(vocab)),
      weighing: await open(await weighingGraph(vocab)),
      parts: await open(await devicePartsGraph()),
    };
    return new DeviceLogits(memory, { vocab, weigher, graphs });
  }

  private constructor(
    memory: DeviceMemory,
    { vocab, weigher, graphs }: { readonly vocab: number; readonly weigher: Weigher; readonly graphs: Graphs },
  ) {
    this.vocab = vocab;
    this.weigher = weigher;
    this.#graphs = graphs;
    this.#scratch = new DeviceScratch(memory, 'float32');
    this.#weights = new DeviceScratch(memory, 'float32');
  }

  /** Where a graph writes the logits of `rows` rows, of several positions of one row: dims [rows, positions, vocab]. */
  target(rows: number, positions: number): DeviceTensor {
    this.#logits = this.#scratch.tensor([rows, positions, this.vocab]);
    return this.#logits;
  }

  /** What is read from now on: dims as of `target`, in memory of somebody else's. */
  read(logits: DeviceTensor): void {
    this.#logits = logits;
  }

  async likeliest(rows: number): Promise<Likeliest> {
    const sum = this.#result('sum', [rows, 1, 1]);
    const block = this.#result('block', [rows, 1]);
    const values = this.#result('values', [rows, blockTokens]);
    const outputs = { sum, block, values };
    await this.#graphs.likeliest.run(
      new Map([['logits', this.#rowsOfLogits(rows)]]),
      new Map<string, AnyTensor>(Object.entries(outputs)),
    );
    return { sum: floats(sum), block: floats(block), values: floats(values) };
  }

  /** `factors`: one divided by the temperature of each row. */
  async weigh(factors: readonly number[]): Promise<BlockWeights> {
    const rows = factors.length;
    const blocks = blocksOf(this.vocab);
    const factor = this.#factors.tensor([rows, 1, 1]);
    floats(factor).set(factors);
    const [sums, peaks] = [this.#result('sums', [rows, blocks]), this.#result('peaks', [rows, blocks])];
    await this.#graphs.weighing.run(
      new Map<string, AnyTensor>([
        ['logits', this.#rowsOfLogits(rows)],
        ['factor', factor],
      ]),
      new Map<string, AnyTensor>([
        ['weights', this.#weights.tensor([rows, blocks, blockTokens])],
        ['sums', sums],
        ['peaks', peaks],
      ]),
    );
    return { sums: floats(sums), peaks: floats(peaks) };
  }

  /** Blocks of what was weighed last, counted through all `rows`: float32 [blocks.length, blockTokens]; until the next call. */
  async blocks(rows: number, blocks: readonly number[]): Promise<Float32Array> {
    const weights = this.#weights.tensor([rows, blocksOf(this.vocab), blockTokens]);
    return this.#bring({ ...weights, dims: [rows * blocksOf(this.vocab), blockTokens] }, blocks);
  }

  /** The logits of one of the `rows`: float32 [vocab]; until the next call. */
  async whole(row: number, rows: number): Promise<Float32Array> {
    return this.#bring(this.#rowsOfLogits(rows), [row]);
  }

  /** Memory for the weights of a row: what is in it is of earlier steps. */
  values(row: number): Float32Array {
    this.#values[row] ??= new Float32Array(blocksOf(this.vocab) * blockTokens);
    return this.#values[row];
  }

  /** No row is read for a while; or a run has failed, and with it perhaps the memory: it is taken anew. */
  release(): void {
    this.#scratch.free();
    this.#logits = null;
    this.#weights.free();
    this.#values.length = 0;
  }

  async close(): Promise<void> {
    for (const session of Object.values(this.#graphs) as Session[]) await session.close();
  }

  async #bring(source: DeviceTensor, wanted: readonly number[]): Promise<Float32Array> {
    const from = this.#from.tensor([wanted.length]);
    wanted.forEach((part, i) => {
      from.data[i] = BigInt(part);
    });
    const parts = this.#parts.tensor([wanted.length, source.dims[1]!]);
    await this.#graphs.parts.run(
      new Map<string, AnyTensor>([
        ['source', source],
        ['from', from],
      ]),
      new Map([['parts', parts]]),
    );
    return floats(parts);
  }

  #rowsOfLogits(rows: number): DeviceTensor {
    invariant(this.#logits !== null, 'logits were written');
    return { ...this.#logits, dims: [rows, this.vocab] };
  }

  #result(name: string, dims: readonly number[]): Tensor {
    const scratch = this.#results.get(name) ?? new Scratch('float32');
    this.#results.set(name, scratch);
    return scratch.tensor(dims);
  }
}

function floats({ data }: Tensor): Float32Array {
  return data as Float32Array;
}
