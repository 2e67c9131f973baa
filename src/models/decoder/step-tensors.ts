/** The small tensors of a decoder's step: ids, lengths and positions that go in, logits that come out. */
import type { LengthInputs } from '../onnx-file/given-lengths.js';
import type { Session, Tensor } from '../runtime/runtime.js';
import { fillIds, fillMask, fillPositions } from '../worker/batch-tensors.js';
import { Scratch } from '../worker/scratch.js';
import type { DecoderPorts } from './decoder-ports.js';
import type { Batch } from './language-model.js';

/** Padded tokens of each row: new ones, and with those in the cache. */
export interface PaddedLengths {
  readonly length: number;
  readonly total: number;
}

const keepName = 'num_logits_to_keep';
const scalar = (value: bigint): Tensor => ({
  type: 'int64',
  dims: [],
  data: new BigInt64Array(new ArrayBuffer(8)).fill(value),
});
const keepCounts = { every: scalar(0n), last: scalar(1n) };

/** The logits that a step needs: those after every new token, or after each row's last one alone. */
export type WantedLogits = keyof typeof keepCounts;

export class StepTensors {
  readonly #ports: DecoderPorts;
  readonly #vocab: number;
  /** The graph has `num_logits_to_keep`. */
  readonly #keeps: boolean;
  /** It can give the logits of each row's last token only; otherwise it gives those of every position. */
  readonly #lastOnly: boolean;
  readonly #needsMask: boolean;
  readonly #needsPositions: boolean;
  readonly #ids: Scratch;
  readonly #mask: Scratch;
  readonly #positions: Scratch;
  readonly #last = new Scratch('int32');
  readonly #total = new Scratch('int32');
  readonly #kept = new Scratch('int64');
  readonly #logits = new Scratch('float32');

  constructor({ inputs, optionalInputs }: Session, ports: DecoderPorts, vocab: number) {
    this.#ports = ports;
    this.#vocab = vocab;
    this.#keeps = [...inputs, ...optionalInputs].includes(keepName);
    this.#lastOnly = (this.#keeps && ports.keepsLast) || ports.lengths !== undefined;
    this.#needsMask = inputs.includes(ports.mask);
    this.#needsPositions = inputs.includes(ports.positions);
    this.#ids = new Scratch(ports.integers);
    this.#mask = new Scratch(ports.integers);
    this.#positions = new Scratch(ports.integers);
  }

  inputs(
    { ids, past }: Omit<Batch, 'firstRow'>,
    { length, total }: PaddedLengths,
    wanted: WantedLogits = 'last',
  ): ReadonlyMap<string, Tensor> {
    const rows = ids.length;
    const inputs = new Map([[this.#ports.ids, fillIds(this.#ids.tensor([rows, length]), ids)]]);
    if (this.#needsMask) {
      const lengths = ids.map((row, index) => past[index]! + row.length);
      inputs.set(this.#ports.mask, fillMask(this.#mask.tensor([rows, total]), lengths));
    }
    if (this.#needsPositions) {
      inputs.set(this.#ports.positions, fillPositions(this.#positions.tensor([rows, length]), past));
    }
    if (this.#keeps) inputs.set(keepName, keepCounts[this.#lastOnly ? wanted : 'every']);
    const { lengths } = this.#ports;
    return lengths === undefined
      ? inputs
      : new Map([...inputs, ...this.#lengths(lengths, { ids, past }, { length, total, wanted })]);
  }

  /** Positions of each row whose logits a step of `length` tokens gives. */
  positions(length: number, wanted: WantedLogits = 'last'): number {
    return this.#lastOnly && wanted === 'last' ? 1 : length;
  }

  /** What a step of `rows` rows writes: float32 [rows, positions, vocab]. */
  logits(rows: number, length: number, wanted: WantedLogits = 'last'): Tensor {
    return this.#logits.tensor([rows, this.positions(length, wanted), this.#vocab]);
  }

  /** The logits after the last of the `length` new tokens of a row, [vocab]: a window onto `logits`. */
  lastLogits(logits: Tensor, row: number, length: number): Float32Array {
    return this.logitsAt(logits, row * logits.dims[1]! + (this.#lastOnly ? 0 : length - 1));
  }

  /** The logits at a position of all rows together, [vocab]: a window, too. */
  logitsAt({ data }: Tensor, position: number): Float32Array {
    return (data as Float32Array).subarray(position * this.#vocab, (position + 1) * this.#vocab);
  }

  #lengths(
    names: LengthInputs,
    { ids, past }: Omit<Batch, 'firstRow'>,
    { length, total, wanted }: PaddedLengths & { readonly wanted: WantedLogits },
  ): readonly (readonly [string, Tensor])[] {
    const rows = ids.length;
    const longest = this.#total.tensor([1]);
    (longest.data as Int32Array)[0] = total;
    const ends = ids.map((row, index) => past[index]! + row.length - 1);
    const kept = wanted === 'last' ? ids.map((row) => row.length - 1) : ids.map(() => 0);
    return [
      [names.last, fillPositions(this.#last.tensor([rows, 1]), ends)],
      [names.total, longest],
      [names.kept, fillPositions(this.#kept.tensor([rows, this.positions(length, wanted), 1]), kept)],
    ];
  }
}
