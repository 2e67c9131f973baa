/** An encoder-decoder's logits for every token of some answers, each given the true tokens before it. Lives in a worker thread. */
import type { EncoderDecoderModel } from '../decoder/encoder-decoder-model.js';
import type { DecoderShape } from '../decoder/language-model.js';
import type { AnswerBatch } from './answers.js';
import type { SampleReader } from './serve-comparisons.js';

export interface AnswerShape extends DecoderShape {
  /** The token before the first of every answer. */
  readonly startToken: number;
}

export class AnswerReader implements SampleReader<AnswerBatch> {
  readonly #model: EncoderDecoderModel;
  readonly #vocab: number;

  /** Uses the first rows of the model. */
  constructor(model: EncoderDecoderModel, { vocab }: Pick<DecoderShape, 'vocab'>) {
    this.#model = model;
    this.#vocab = vocab;
  }

  /** The logits that predict each token of the answers, one answer after the other: [tokens of all, vocab]. */
  async read(batch: AnswerBatch): Promise<Float32Array> {
    const starts: number[] = [];
    let tokens = 0;
    for (const { answer } of batch) {
      starts.push(tokens);
      tokens += answer.length;
    }
    const logits = new Float32Array(tokens * this.#vocab);
    const longest = batch[0]?.answer.length ?? 0;
    for (let step = 0; step < longest; step++) {
      const rows = await this.#step(batch, step);
      rows.forEach((row, index) => void logits.set(row, (starts[index]! + step) * this.#vocab));
    }
    return logits;
  }

  async close(): Promise<void> {
    await this.#model.close();
  }

  /** Of the answers that have a token at `step`: they are the first, as the longest come first. */
  #step(batch: AnswerBatch, step: number): Promise<readonly Float32Array[]> {
    if (step === 0) {
      return this.#model.forward({ firstRow: 0, ids: batch.map(({ prompt }) => prompt), past: batch.map(() => 0) });
    }
    const active = batch.filter(({ answer }) => answer.length > step);
    const ids = active.map(({ answer }) => [answer[step - 1]!]);
    return this.#model.forward({ firstRow: 0, ids, past: active.map(({ prompt }) => prompt.length + step - 1) });
  }
}
