/** What the worker knows of the sequence in a row. */
import { logProbabilities } from './log-probability.js';
import { sampleToken } from './sampler.js';
import type { Sampling } from './sampling.js';
import { TokenHistory } from './token-history.js';
import type { Weigher } from './weigher.js';

export class DecoderRow {
  /** Tokens of its sequence that the model has read. */
  cached = 0;
  /** The token that the next decode step reads. */
  next = 0;
  /** `null` until the prompt has ended. */
  sampling: Sampling | null = null;
  readonly history = new TokenHistory();
  /** Of the token that was sampled last; `null`: it is not asked for. */
  logProbability: number | null = null;

  /** Chooses the next token from `logits` [vocab], which are changed; `null` where the prompt has not ended. */
  async sample(logits: Float32Array, weigher: Weigher): Promise<number | null> {
    const { sampling, history } = this;
    if (sampling === null) return null;
    const likely = sampling.logProbabilities ? await logProbabilities(logits, weigher) : null;
    this.next = await sampleToken(logits, { sampling, history }, weigher);
    history.addGenerated(this.next);
    this.logProbability = likely?.(this.next) ?? null;
    return this.next;
  }

  /** Its next token is one that ends it. */
  get ended(): boolean {
    return this.sampling?.stopTokens.includes(this.next) ?? false;
  }
}
