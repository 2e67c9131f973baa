/** Turns logits into weights: by ONNX Runtime's vector instructions where the vocabulary is large. */
import { cpu, type Runtime, type Session, type Tensor, zeros } from '../runtime/runtime.js';
import { weighingGraph } from './weighing-graph.js';
import { blocksOf, blockTokens, newWeights, summariseBlocks, totalWeight, type Weights } from './weights.js';

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
  readonly #factor = zeros('float32', [1, 1, 1]);
  readonly #outputs: ReadonlyMap<string, Tensor>;

  constructor(session: Session, vocab: number) {
    this.#session = session;
    this.#weights = newWeights(vocab);
    const { values, sums, peaks } = this.#weights;
    const blocks = blocksOf(vocab);
    const whole = new Float32Array(values.buffer as ArrayBuffer);
    this.#outputs = new Map([
      ['weights', { type: 'float32', dims: [1, blocks, blockTokens], data: whole }],
      ['sums', { type: 'float32', dims: [1, blocks], data: sums }],
      ['peaks', { type: 'float32', dims: [1, blocks], data: peaks }],
    ]);
  }

  async weigh(logits: Float32Array, temperature: number): Promise<Weights> {
    this.#factor.data[0] = factorOf(temperature);
    await this.#session.run(
      new Map([
        ['logits', { type: 'float32', dims: [1, logits.length], data: logits }],
        ['factor', this.#factor],
      ]),
      this.#outputs,
    );
    const weights = this.#weights;
    return totalWeight(weights) >= 1 ? weights : weighByLoop(logits, { temperature, weights });
  }

  async close(): Promise<void> {
    await this.#session.close();
  }
}

/**
 * What logits are multiplied with. Of a temperature near zero the inverse overflows, and infinity times the greatest logit's
 * zero would be no number.
 */
export function factorOf(temperature: number): number {
  return Math.min(1 / temperature, largestFloat);
}

const largestFloat = 3.4e38;

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
