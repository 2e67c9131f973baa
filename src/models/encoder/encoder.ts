/** An encoder graph: reads whole texts, gives one row of numbers for each. Lives in a worker thread. */
import { performance } from 'node:perf_hooks';
import { invariant, OctavoError } from '../../errors.js';
import type { Session, TensorMap } from '../runtime/runtime.js';
import { Scratch } from '../worker/scratch.js';
import type { EncodeResult, EncodeStep } from './encode-step.js';

export interface EncoderShape {
  /** The one output that is computed: `[texts, width]`. */
  readonly output: 'sentence_embedding' | 'logits';
  readonly width: number;
  /** The output has a row for each token instead: `[texts, length, width]`, those of the padding included. */
  readonly perToken?: boolean;
}

/** Inputs that a step can fill. */
const knownInputs = ['input_ids', 'attention_mask', 'token_type_ids'];

export class Encoder {
  readonly #session: Session;
  readonly #shape: EncoderShape;
  readonly #needsTypes: boolean;
  readonly #ids = new Scratch('int64');
  readonly #mask = new Scratch('int64');
  readonly #types = new Scratch('int64');
  readonly #values = new Scratch('float32');

  /** Throws `invalid_model` for a graph with other inputs, or without the output. */
  constructor(session: Session, shape: EncoderShape) {
    this.#session = session;
    this.#shape = shape;
    this.#needsTypes = session.inputs.includes('token_type_ids');
    const other = session.inputs.find((name) => !knownInputs.includes(name));
    if (other !== undefined) throw new OctavoError('invalid_model', `The graph has an unknown input "${other}".`);
    if (!session.outputs.includes(shape.output)) {
      const message = `The graph has no output "${shape.output}", only ${session.outputs.join(', ')}.`;
      throw new OctavoError('invalid_model', message);
    }
  }

  async step(step: EncodeStep): Promise<EncodeResult> {
    const started = performance.now();
    const { output, width, perToken } = this.#shape;
    const { length } = step.texts;
    const values = this.#values.tensor(perToken ? [length, step.length, width] : [length, width]);
    await this.#session.run(this.#inputs(step), new Map([[output, values]]));
    // A copy of its own: what crosses to the main thread takes all of its memory along.
    return { values: (values.data as Float32Array).slice(), modelMs: performance.now() - started };
  }

  async close(): Promise<void> {
    await this.#session.close();
  }

  #inputs({ texts, length }: EncodeStep): TensorMap {
    const dims = [texts.length, length];
    const [ids, mask] = [this.#ids.tensor(dims), this.#mask.tensor(dims)];
    const [idData, maskData] = [ids.data as BigInt64Array, mask.data as BigInt64Array];
    texts.forEach((text, row) => {
      invariant(text.length <= length, 'a text fits the length of its step');
      const start = row * length;
      for (let i = 0; i < text.length; i++) idData[start + i] = BigInt(text[i]!);
      idData.fill(0n, start + text.length, start + length);
      maskData.fill(1n, start, start + text.length);
      maskData.fill(0n, start + text.length, start + length);
    });
    const inputs = new Map([
      ['input_ids', ids],
      ['attention_mask', mask],
    ]);
    // Every text is of the first kind: the memory is zeros and nothing writes to it.
    if (this.#needsTypes) inputs.set('token_type_ids', this.#types.tensor(dims));
    return inputs;
  }
}
