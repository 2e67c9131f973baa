/** What the worker knows of the sequence in a row. */
import type { RowLogits } from './logits.js';
import { sampleToken } from './sampler.js';
import type { Sampling } from './sampling.js';
import { TokenHistory } from './token-history.js';

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

  /** Chooses the next token; `null` where the prompt has not ended. */
  async sample(logits: RowLogits): Promise<number | null> {
    const { sampling, history } = this;
    if (sampling === null) return null;
    const likely = sampling.logProbabilities ? await logits.logProbabilities() : null;
    this.next = await sampleToken(logits, { sampling, history });
    history.addGenerated(this.next);
    this.logProbability = likely === null ? null : await likely(this.next);
    return this.next;
  }

  /** Its next token is one that ends it. */
  get ended(): boolean {
    return this.sampling?.stopTokens.includes(this.next) ?? false;
  }
}
