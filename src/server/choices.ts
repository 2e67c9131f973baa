/** The running choices of one request: their safe deltas, merged, and what they have cost. */
import type { Generation } from '../batcher/generation.js';
import { OctavoError } from '../errors.js';
import { isPromise, type MaybePromise, whenThere } from '../safety/maybe-promise.js';
import { joinSafe, type SafeText } from '../safety/safe-text.js';
import type { Released, Safety, StreamGuard } from '../safety/safety.js';
import { filterResults } from './content-filter.js';
import { merge } from './merge.js';
import type { Metrics } from './metrics.js';
import type { FilterResults, Timings, Usage } from './schema/answer-schema.js';

export type ChoiceFinish = 'stop' | 'length' | 'content_filter';

export interface ChoiceDelta {
  /** Index of the choice in the answer: all choices of the first prompt, then of the second. */
  readonly index: number;
  /** Text that may leave. */
  readonly text: SafeText;
  /** Set on the last delta of the choice. */
  readonly finish: ChoiceFinish | null;
  /** With the finish: what the safety filter thought of the choice, where that is asked for. */
  readonly filter: FilterResults | null;
}

/** A complete choice. */
export interface WholeChoice {
  readonly index: number;
  readonly text: SafeText;
  readonly finish: ChoiceFinish;
  readonly filter: FilterResults | null;
}

interface ChoicesContext {
  readonly model: string;
  /** Choices for each prompt. */
  readonly n: number;
  readonly safety: Safety;
  /** What the safety filter thought of each prompt; `null`: the answer does not tell. */
  readonly promptFilters: readonly FilterResults[] | null;
  /** A guard for the text of one choice. */
  readonly openGuard: () => StreamGuard;
  readonly metrics: Metrics;
  readonly signal: AbortSignal;
}

type SafeDelta = Omit<ChoiceDelta, 'index'>;

export class Choices {
  readonly #generations: readonly Generation[];
  readonly #context: ChoicesContext;
  readonly #submittedMs = performance.now();
  readonly #finishes: ChoiceFinish[] = [];

  constructor(generations: readonly Generation[], context: ChoicesContext) {
    this.#generations = generations;
    this.#context = context;
  }

  get count(): number {
    return this.#generations.length;
  }

  /** How the choices that have ended did so. */
  get finishes(): readonly ChoiceFinish[] {
    return this.#finishes;
  }

  /** Of each prompt, in order; `null`: the answer does not tell. */
  get promptFilters(): readonly FilterResults[] | null {
    return this.#context.promptFilters;
  }

  /** So far; the tokens of a prompt count once, however many choices it has. */
  get usage(): Usage {
    const prompts = this.#generations.filter((_, index) => index % this.#context.n === 0);
    const promptTokens = sum(prompts.map((generation) => generation.promptTokens));
    const completionTokens = sum(this.#generations.map((generation) => generation.completionTokens));
    return {
      prompt_tokens: promptTokens,
      completion_tokens: completionTokens,
      total_tokens: promptTokens + completionTokens,
      prompt_tokens_details: { cached_tokens: sum(prompts.map(({ reusedTokens }) => reusedTokens)) },
    };
  }

  /** Natural logarithm, by token, of how likely the model thinks a choice; `-Infinity` of one without tokens. */
  meanLogProbability(index: number): number {
    const generation = this.#generations[index];
    if (generation === undefined || generation.completionTokens === 0) return Number.NEGATIVE_INFINITY;
    return generation.logProbability / generation.completionTokens;
  }

  /** Of the slowest choice in each phase. */
  get timings(): Timings {
    const all = this.#generations.map((generation) => generation.timings);
    return {
      queue_ms: Math.max(...all.map((timings) => timings.queueMs)),
      prefill_ms: Math.max(...all.map((timings) => timings.prefillMs)),
      decode_ms: Math.max(...all.map((timings) => timings.decodeMs)),
    };
  }

  /**
   * The deltas of all choices as they come; to be iterated once. Throws what a generation throws, or the signal's
   * reason. However it ends, no sequence of the request is left in the batcher.
   */
  async *deltas(): AsyncGenerator<ChoiceDelta, void, undefined> {
    try {
      const sources = this.#generations.map((generation) => this.#safeDeltas(generation));
      for await (const { index, value } of merge(sources, this.#context.signal)) {
        if (value.finish !== null) this.#finishes.push(value.finish);
        yield { index, ...value };
      }
    } finally {
      for (const generation of this.#generations) generation.cancel();
    }
  }

  async *#safeDeltas(generation: Generation): AsyncGenerator<SafeDelta, void, undefined> {
    const guard = this.#context.openGuard();
    const clock = { lastMs: this.#submittedMs, tokens: 0 };
    for await (const delta of generation) {
      this.#observePace(generation, clock);
      const releasing = this.#release(guard, delta.text);
      // Rules answer at once: no turn of the event loop for each token.
      const text = isPromise(releasing) ? await releasing : releasing;
      if (text.blocked) {
        // Freed here, not when the other choices are done.
        generation.cancel();
        yield this.#last(text.text, 'content_filter', guard);
        return;
      }
      if (delta.finish === null) {
        if (text.text !== '') yield { text: text.text, finish: null, filter: null };
        continue;
      }
      if (delta.finish === 'cancelled') throw this.#cancelReason();
      const rest = await this.#release(guard, null);
      yield this.#last(joinSafe(text.text, rest.text), rest.blocked ? 'content_filter' : delta.finish, guard);
      return;
    }
  }

  #last(text: SafeText, finish: ChoiceFinish, guard: StreamGuard): SafeDelta {
    const { safety, promptFilters } = this.#context;
    return { text, finish, filter: promptFilters === null ? null : filterResults(safety, [guard]) };
  }

  /** Passes text, or the end of the text (`null`), through the guard. */
  #release(guard: StreamGuard, text: string | null): MaybePromise<Released> {
    return whenThere(text === null ? guard.end() : guard.push(text), (released) => {
      this.#context.metrics.countFindings('output', released.findings);
      return released;
    });
  }

  #observePace(generation: Generation, clock: { lastMs: number; tokens: number }): void {
    const nowMs = performance.now();
    const tokens = generation.completionTokens - clock.tokens;
    if (tokens <= 0) return;
    const { metrics, model } = this.#context;
    if (clock.tokens === 0) metrics.observeFirstToken(model, nowMs - clock.lastMs);
    else metrics.observeInterToken(model, (nowMs - clock.lastMs) / tokens);
    clock.lastMs = nowMs;
    clock.tokens += tokens;
  }

  /** A sequence ends as cancelled because this request was aborted, or because the server stops. */
  #cancelReason(): unknown {
    const { signal } = this.#context;
    return signal.aborted ? signal.reason : new OctavoError('draining', 'The server is shutting down.');
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
