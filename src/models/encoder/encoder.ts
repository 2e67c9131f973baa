/** An encoder graph: reads whole texts, gives one row of numbers for each. Lives in a worker thread. */
import { performance } from 'node:perf_hooks';
import { invariant, OctavoError } from '../../errors.js';
import type { Session, TensorMap } from '../runtime/runtime.js';
import { fillIds, fillMask } from '../worker/batch-tensors.js';
import { Scratch } from '../worker/scratch.js';
import type { EncodeResult, EncodeStep } from './encode-step.js';
import { poolStates, type StatePooling } from './pool-states.js';

export interface EncoderShape {
  /** The one output that is computed: `[texts, width]`, or with `pooling` `[texts, length, width]`. */
  readonly output: string;
  readonly width: number;
  /** The output has a row for each token instead: `[texts, length, width]`, those of the padding included. */
  readonly perToken?: boolean;
  /** How the states of a text's tokens become its row; absent: the graph gives rows. */
  readonly pooling?: StatePooling;
  /** Element type of the inputs, int64 when left out. */
  readonly integers?: 'int64' | 'int32';
}

/** Inputs that a step can fill. */
const knownInputs = ['input_ids', 'attention_mask', 'token_type_ids'];

export class Encoder {
  readonly #session: Session;
  readonly #shape: EncoderShape;
  readonly #needsTypes: boolean;
  readonly #ids: Scratch;
  readonly #mask: Scratch;
  readonly #types: Scratch;
  readonly #values = new Scratch('float32');

  /** Throws `invalid_model` for a graph with other inputs, or without the output. */
  constructor(session: Session, shape: EncoderShape) {
    this.#session = session;
    this.#shape = shape;
    this.#needsTypes = session.inputs.includes('token_type_ids');
    const { integers = 'int64' } = shape;
    this.#ids = new Scratch(integers);
    this.#mask = new Scratch(integers);
    this.#types = new Scratch(integers);
    const other = session.inputs.find((name) => !knownInputs.includes(name));
    if (other !== undefined) throw new OctavoError('invalid_model', `The graph has an unknown input "${other}".`);
    if (!session.outputs.includes(shape.output)) {
      const message = `The graph has no output "${shape.output}", only ${session.outputs.join(', ')}.`;
      throw new OctavoError('invalid_model', message);
    }
  }

  async step(step: EncodeStep): Promise<EncodeResult> {
    const started = performance.now();
    const { output, width, perToken, pooling } = this.#shape;
    const { texts, length } = step;
    const values = this.#values.tensor(perToken || pooling ? [texts.length, length, width] : [texts.length, width]);
    await this.#session.run(this.#inputs(step), new Map([[output, values]]));
    const rows = values.data as Float32Array;
    // Memory of its own: what crosses to the main thread takes all of its memory along.
    const result = pooling ? this.#pool(rows, step, pooling) : rows.slice();
    return { values: result, modelMs: performance.now() - started };
  }

  async close(): Promise<void> {
    await this.#session.close();
  }

  #pool(states: Float32Array, { texts, length }: EncodeStep, pooling: StatePooling): Float32Array {
    const { width } = this.#shape;
    const vectors = new Float32Array(texts.length * width);
    texts.forEach((text, row) => {
      const vector = vectors.subarray(row * width, (row + 1) * width);
      poolStates(states.subarray(row * length * width), { tokens: text.length, pooling, vector });
    });
    return vectors;
  }

  #inputs({ texts, length }: EncodeStep): TensorMap {
    invariant(
      texts.every((text) => text.length <= length),
      'a text fits the length of its step',
    );
    const dims = [texts.length, length];
    const lengths = texts.map((text) => text.length);
    const inputs = new Map([
      ['input_ids', fillIds(this.#ids.tensor(dims), texts)],
      ['attention_mask', fillMask(this.#mask.tensor(dims), lengths)],
    ]);
    // Every text is of the first kind: the memory is zeros and nothing writes to it.
    if (this.#needsTypes) inputs.set('token_type_ids', this.#types.tensor(dims));
    return inputs;
  }
}
