/** One sequence from its arrival to its finish reason: tokens in, text deltas out. */
import { setMaxListeners } from 'node:events';
import { blockTokens, type DecoderEngine, type KeptPrefix, type PromptChunk } from '../models/decoder/step.js';
import type { Detokenizer } from '../models/served-model.js';
import { DeltaStream } from './delta-stream.js';
import type { Delta, FinishReason, Generation, GenerationRequest, GenerationTimings } from './generation.js';
import { type BlockChain, blockChain } from './prefix-table.js';
import { StopMatcher } from './stop-matcher.js';

/** Milliseconds of a monotonic clock. */
export type Clock = () => number;

export class Sequence implements Generation {
  readonly request: GenerationRequest;
  readonly promptTokens: number;
  /** Tokens of the prompt in the KV cache. */
  prefilled = 0;
  /** Of these the ones that were taken from an earlier prompt. */
  reusedTokens = 0;
  readonly #clock: Clock;
  readonly #detokenizer: Detokenizer;
  readonly #stops: StopMatcher;
  readonly #deltas: DeltaStream;
  readonly #submitted: number;
  #admitted: number | null = null;
  #firstToken: number | null = null;
  #finished: number | null = null;
  #completionTokens = 0;
  #logProbability = 0;

  #prefix: KeptPrefix | null = null;
  #chain: BlockChain | null = null;

  constructor(request: GenerationRequest, detokenizer: Detokenizer, clock: Clock) {
    this.request = request;
    this.promptTokens = request.prompt.length;
    this.#clock = clock;
    this.#detokenizer = detokenizer;
    this.#stops = new StopMatcher(request.stopStrings);
    this.#deltas = new DeltaStream(() => this.cancel());
    this.#submitted = clock();
    if (request.signal) this.#listen(request.signal);
  }

  [Symbol.asyncIterator](): AsyncIterator<Delta> {
    return this.#deltas;
  }

  /** Names of the prompt's blocks; made when they are first asked for. */
  get chain(): BlockChain {
    this.#chain ??= blockChain(this.request.prompt, this.request.tenant);
    return this.#chain;
  }

  get completionTokens(): number {
    return this.#completionTokens;
  }

  /** Tokens that it may still get. */
  get tokensLeft(): number {
    return this.request.maxTokens - this.#completionTokens;
  }

  get logProbability(): number {
    return this.#logProbability;
  }

  get finished(): boolean {
    return this.#finished !== null;
  }

  /** Tokens of this sequence in the KV cache: the last one sampled is not in it yet. */
  get cachedTokens(): number {
    return this.prefilled + Math.max(0, this.#completionTokens - 1);
  }

  get timings(): GenerationTimings {
    const now = this.#finished ?? this.#clock();
    const admitted = this.#admitted ?? now;
    const firstToken = this.#firstToken ?? now;
    return {
      queueMs: admitted - this.#submitted,
      prefillMs: Math.max(0, firstToken - admitted),
      decodeMs: Math.max(0, now - firstToken),
    };
  }

  /** Before its first chunk: the prompt begins with the blocks in these slots of the pool. */
  reuse(slots: readonly number[]): void {
    this.reusedTokens = slots.length * blockTokens;
    this.prefilled = this.reusedTokens;
    this.#prefix = { slots, ids: this.request.prompt.slice(0, this.reusedTokens) };
  }

  /** The next `tokens` tokens of the prompt; the chunk that ends it carries the sampling. */
  takeChunk(tokens: number): PromptChunk {
    this.#admitted ??= this.#clock();
    const past = this.prefilled;
    this.prefilled += tokens;
    const prefix = this.#prefix;
    this.#prefix = null;
    const chunk = { ids: this.request.prompt.slice(past, this.prefilled), past, ...(prefix && { prefix }) };
    return this.prefilled < this.promptTokens ? chunk : { ...chunk, sampling: this.request.sampling };
  }

  /** Takes a sampled token. A finished sequence ignores what its last step still brought. */
  accept(token: number, logProbability = 0): void {
    if (this.finished) return;
    this.#logProbability += logProbability;
    this.#firstToken ??= this.#clock();
    this.#completionTokens += 1;
    if (this.request.sampling.stopTokens.includes(token)) this.#endText('stop');
    else this.#addText(this.#detokenizer.push(token));
  }

  readonly cancel = (): void => {
    this.#finish('', 'cancelled');
  };

  fail(error: Error): void {
    if (this.finished) return;
    this.#close();
    this.#deltas.fail(error);
  }

  #listen(signal: AbortSignal): void {
    // One request may have many sequences, all with its signal: no leak for Node to warn of.
    setMaxListeners(0, signal);
    signal.addEventListener('abort', this.cancel, { once: true });
    if (signal.aborted) this.cancel();
  }

  #addText(piece: string): void {
    const { text, stopped } = this.#match(piece);
    if (stopped) this.#finish(text, 'stop');
    else if (this.#completionTokens < this.request.maxTokens) this.#deltas.push(text, null);
    else this.#endText('length', text);
  }

  /** Releases what was held back: an incomplete character, the beginning of a stop string. */
  #endText(reason: FinishReason, before = ''): void {
    const { text, stopped } = this.#match(this.#detokenizer.flush());
    if (stopped) this.#finish(before + text, 'stop');
    else this.#finish(before + text + this.#stops.flush(), reason);
  }

  /** Stop strings count once the minimum length is reached, as stop tokens do. */
  #match(text: string): { text: string; stopped: boolean } {
    if (this.#completionTokens <= this.request.sampling.minTokens) return { text, stopped: false };
    return this.#stops.push(text);
  }

  #finish(text: string, reason: FinishReason): void {
    if (this.finished) return;
    this.#close();
    this.#deltas.push(text, reason);
  }

  #close(): void {
    this.#finished = this.#clock();
    this.request.signal?.removeEventListener('abort', this.cancel);
  }
}

/** Prompt and output have room in a row. */
export function fitsRow(
  { prompt, maxTokens }: GenerationRequest,
  { capacity, encodesPrompts }: DecoderEngine,
): boolean {
  return encodesPrompts ? Math.max(prompt.length, maxTokens) <= capacity : prompt.length + maxTokens <= capacity;
}
