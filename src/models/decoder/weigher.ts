/** Turns logits into weights: by ONNX Runtime's vector instructions where the vocabulary is large. */
import { cpu, type Runtime, type Session, type Tensor } from '../runtime/runtime.js';
import { weighingGraph } from './weighing-graph.js';
import { blockTokens, newWeights, summariseBlocks, totalWeight, type Weights } from './weights.js';

/** The weights of a row's logits [vocab]; they hold until the next call. `temperature` is above zero. */
export interface Weigher {
  weigh(logits: Float32Array, temperature: number): Promise<Weights>;
  close(): Promise<void>;
}

/** Below this many tokens a run of ONNX Runtime takes longer than the loop. */
const smallVocab = 1024;

/** Throws what opening a session throws. */
export async function openWeigher(runtime: Runtime, vocab: number): Promise<Weigher> {
  if (vocab < smallVocab) return new PlainWeigher();
  // One thread: a row is done before a second one is awake.
  const session = await runtime.open(await weighingGraph(vocab), { device: cpu, threads: 1 });
  return new OrtWeigher(session, vocab);
}

/** A loop over the logits. */
export class PlainWeigher implements Weigher {
  async weigh(logits: Float32Array, temperature: number): Promise<Weights> {
    return weighByLoop(logits, { temperature, weights: newWeights(logits.length) });
  }

  async close(): Promise<void> {}
}

/** One run of a small graph a row: thirty times faster than the loop at 151,936 tokens, where that took as long as the model. */
class OrtWeigher implements Weigher {
  readonly #session: Session;
  readonly #weights: Weights;
  readonly #factor: Tensor;
  readonly #outputs: ReadonlyMap<string, Tensor>;

  constructor(session: Session, vocab: number) {
    this.#session = session;
    this.#weights = newWeights(vocab);
    this.#factor = { ...tensor(new Float32Array(new ArrayBuffer(4))), dims: [] };
    const { values, sums, peaks } = this.#weights;
    const whole = Math.floor(vocab / blockTokens);
    this.#outputs = new Map([
      ['weights', tensor(values)],
      ['sums', tensor(sums.subarray(0, whole))],
      ['peaks', tensor(peaks.subarray(0, whole))],
    ]);
  }

  async weigh(logits: Float32Array, temperature: number): Promise<Weights> {
    // Of a temperature near zero the inverse overflows, and infinity times the greatest logit's zero would be no number.
    this.#factor.data[0] = Math.min(1 / temperature, largestFloat);
    await this.#session.run(
      new Map([
        ['logits', tensor(logits)],
        ['factor', this.#factor],
      ]),
      this.#outputs,
    );
    const weights = this.#weights;
    if (weights.values.length % blockTokens > 0) summariseBlocks(weights, weights.sums.length - 1);
    return totalWeight(weights) >= 1 ? weights : weighByLoop(logits, { temperature, weights });
  }

  async close(): Promise<void> {
    await this.#session.close();
  }
}

const largestFloat = 3.4e38;

function tensor(data: Float32Array): Tensor {
  return { type: 'float32', dims: [data.length], data };
}

/** Also for logits that are not numbers: they weigh nothing. All weigh nothing where none is finite, or one is infinite. */
function weighByLoop(
  logits: Float32Array,
  { temperature, weights }: { readonly temperature: number; readonly weights: Weights },
): Weights {
  let max = -Infinity;
  for (let token = 0; token < logits.length; token++) if (logits[token]! > max) max = logits[token]!;
  for (let token = 0; token < logits.length; token++) {
    weights.values[token] = Math.exp((logits[token]! - max) / temperature) || 0;
  }
  summariseBlocks(weights);
  return weights;
}
