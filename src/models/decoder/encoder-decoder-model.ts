/** A model of two graphs: an encoder reads each prompt at once, a decoder writes an answer beside it. */
import { invariant } from '../../errors.js';
import type { Session, Tensor } from '../runtime/runtime.js';
import { fillIds, fillMask } from '../worker/batch-tensors.js';
import { Scratch } from '../worker/scratch.js';
import { cacheNames } from './decoder-ports.js';
import { KvArena } from './kv-arena.js';
import type { Batch, DecoderShape, LanguageModel } from './language-model.js';
import type { RowMove } from './step.js';

export interface EncoderDecoderParts {
  readonly encoder: Session;
  readonly decoder: Session;
  /** The token before the first of every output. */
  readonly startToken: number;
}

/** One more token of some consecutive rows, and the tokens of their outputs before it. */
interface OutputBatch {
  readonly firstRow: number;
  readonly tokens: readonly number[];
  readonly past: readonly number[];
}

export class EncoderDecoderModel implements LanguageModel {
  /** An encoder reads a prompt in both directions: what it makes of the beginning depends on the end. */
  readonly pool = null;
  readonly #parts: EncoderDecoderParts;
  readonly #shape: DecoderShape;
  /** Keys and values of each row's output, the start token first, and of its prompt; `capacity` tokens of each. */
  readonly #outputs: KvArena;
  readonly #prompts: KvArena;
  /** Tokens of each row's prompt. */
  readonly #promptLengths: number[] = [];
  readonly #ids = new Scratch('int64');
  readonly #mask = new Scratch('int64');
  readonly #promptMask = new Scratch('int64');
  readonly #logits = new Scratch('float32');
  /** What the encoder gives, by the names of its outputs. */
  readonly #encoded: ReadonlyMap<string, Scratch>;

  constructor(parts: EncoderDecoderParts, shape: DecoderShape) {
    this.#parts = parts;
    this.#shape = shape;
    this.#outputs = new KvArena(shape, cacheNames(shape.layers, 'decoder'));
    this.#prompts = new KvArena(shape, cacheNames(shape.layers, 'encoder'));
    this.#encoded = new Map(this.#prompts.names.present.map((name) => [name, new Scratch(shape.element ?? 'float32')]));
  }

  async forward({ firstRow, ids, past }: Batch): Promise<readonly Float32Array[]> {
    if (past[0] === 0) {
      await this.#encode(firstRow, ids);
      return this.#decode({ firstRow, tokens: ids.map(() => this.#parts.startToken), past });
    }
    const tokens = ids.map(([id]) => id!);
    return this.#decode({ firstRow, tokens, past: past.map((read, row) => this.#outputLength(firstRow + row, read)) });
  }

  async move({ from, to }: RowMove, length: number): Promise<void> {
    this.#prompts.move(from, to, this.#promptLength(from));
    this.#outputs.move(from, to, this.#outputLength(from, length));
    this.#promptLengths[to] = this.#promptLength(from);
  }

  release(): void {
    this.#outputs.release();
    this.#prompts.release();
  }

  async close(): Promise<void> {
    await this.#parts.encoder.close();
    await this.#parts.decoder.close();
  }

  /** Reads prompts, right-padded together; their keys and values go into the rows from `firstRow` on. */
  async #encode(firstRow: number, prompts: readonly (readonly number[])[]): Promise<void> {
    // At least two tokens, as in a decoder's prefill: a single row takes another path through matrix products.
    const length = Math.max(2, ...prompts.map((ids) => ids.length));
    const lengths = prompts.map((ids) => ids.length);
    const ids = fillIds(this.#ids.tensor([prompts.length, length]), prompts);
    const mask = fillMask(this.#mask.tensor([prompts.length, length]), lengths);
    const { kvHeads, headDim } = this.#shape;
    const dims = [prompts.length, kvHeads, length, headDim];
    const encoded = new Map([...this.#encoded].map(([name, scratch]) => [name, scratch.tensor(dims)]));
    await this.#parts.encoder.run(
      new Map([
        ['input_ids', ids],
        ['attention_mask', mask],
      ]),
      encoded,
    );
    this.#prompts.fill(firstRow, [...encoded.values()], lengths);
    lengths.forEach((tokens, row) => {
      this.#promptLengths[firstRow + row] = tokens;
    });
  }

  async #decode({ firstRow, tokens, past }: OutputBatch): Promise<readonly Float32Array[]> {
    const rows = tokens.length;
    const promptLengths = tokens.map((_, row) => this.#promptLength(firstRow + row));
    const mask = this.#mask.tensor([rows, Math.max(...past) + 1]);
    const promptMask = this.#promptMask.tensor([rows, Math.max(...promptLengths)]);
    const [outputs, prompts] = [this.#outputs.view(firstRow, rows), this.#prompts.view(firstRow, rows)];
    const { vocab } = this.#shape;
    const logits = this.#logits.tensor([rows, 1, vocab]);
    const ids = tokens.map((token) => [token]);
    await this.#parts.decoder.run(
      new Map<string, Tensor>([
        ['input_ids', fillIds(this.#ids.tensor([rows, 1]), ids)],
        [
          'attention_mask',
          fillMask(
            mask,
            past.map((length) => length + 1),
          ),
        ],
        ['encoder_attention_mask', fillMask(promptMask, promptLengths)],
        ...outputs.past,
        ...prompts.past,
      ]),
      new Map([['logits', logits], ...outputs.present, ...prompts.present]),
    );
    return tokens.map((_, row) => (logits.data as Float32Array).subarray(row * vocab, (row + 1) * vocab));
  }

  /** Tokens in the cache of a row's output, after it has read `length` tokens: the prompt's, which became the start token, and one more with each step. */
  #outputLength(row: number, length: number): number {
    return length - this.#promptLength(row) + 1;
  }

  #promptLength(row: number): number {
    const length = this.#promptLengths[row];
    invariant(length !== undefined, `row ${row} has a prompt`);
    return length;
  }
}
