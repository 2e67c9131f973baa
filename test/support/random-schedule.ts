/** A random life of a batcher, all from one seed: arrivals, readers of several kinds, cancels, failures of the engine. */
import type { GenerationRequest } from '#octavo/batcher/generation.js';
import type { SchedulerLimits } from '#octavo/batcher/scheduler.js';
import type { Sequence } from '#octavo/batcher/sequence.js';
import { greedy } from '#octavo/models/decoder/sampling.js';
import type { Step } from '#octavo/models/decoder/step.js';
import { Batching, type Heard, hear } from './batching.js';
import { Fairness } from './fairness.js';
import { ownedRequest, ownedToken, ownerOf } from './owned-tokens.js';
import { Random } from './random.js';

const capacity = 128;
const mostTokens = 24;

/** Reads at once; with pauses; all of it after the end; or a few deltas and leaves. */
type Reader = 'eager' | 'slow' | 'late' | 'leaving';

export interface Life {
  readonly request: GenerationRequest;
  readonly abort: AbortController;
  readonly sequence: Sequence;
  readonly reader: Reader;
  readonly heard: Promise<Heard>;
  cancelled: boolean;
  /** It was in a row when the engine was lost. */
  lost: boolean;
}

export class RandomSchedule {
  readonly batching: Batching;
  readonly limits: SchedulerLimits;
  readonly fairness: Fairness;
  readonly lives: Life[] = [];
  /** Sentences that did not hold; a test expects none. */
  readonly violations: string[] = [];
  readonly #random: Random;
  /** Tokens that may be guessed for a request. */
  readonly #drafts: readonly number[];
  readonly #paused: (() => void)[] = [];
  #toArrive: number;
  #over = false;

  constructor(seed: number) {
    const random = new Random(seed);
    const rows = random.between(1, 6);
    this.#random = random;
    this.#toArrive = random.between(3, 25);
    this.limits = {
      chunkTokens: random.between(2, 20),
      prefillTokens: random.between(8, 64),
      maxWaste: random.pick([0, 0.1, 0.4]),
      messageMs: random.pick([0, 2, 10]),
      grouping: random.pick(['length', 'length', 'arrival'] as const),
    };
    this.#drafts = random.pick([[0], [3], [0, 2, 5]]);
    this.fairness = new Fairness(this.limits, { rows, mostTokens });
    this.batching = new Batching({ rows, capacity, scheduler: this.limits });
    const { engine } = this.batching;
    engine.onStep = (step) => {
      this.fairness.watch(step);
      this.#checkRounds(step);
    };
    engine.during = () => this.#live();
    engine.restart = () => this.#restart();
  }

  /** Resolves with what every reader heard. */
  async run(): Promise<Heard[]> {
    while (this.#toArrive > 0) {
      this.#arrive();
      await this.batching.idle();
    }
    this.#over = true;
    this.#wake();
    const heard = await Promise.all(this.lives.map((life) => life.heard));
    await this.batching.idle();
    return heard;
  }

  /** What may happen while a step runs. */
  async #live(): Promise<void> {
    const random = this.#random;
    this.batching.now += 1;
    for (let arrivals = random.pick([0, 0, 0, 1, 1, 3]); arrivals > 0; arrivals--) this.#arrive();
    if (random.below(12) === 0) this.#cancel();
    if (random.below(3) === 0) this.#wake();
    for (let turn = random.below(6); turn > 0; turn--) await Promise.resolve();
    if (random.below(60) === 0) this.#loseEngine();
  }

  /** The tokens asked for would not be too many for any row, even if none of them ended it. */
  #checkRounds({ work }: Step): void {
    if (work.kind === 'prefill') return;
    for (const owner of this.batching.engine.owners) {
      const { request, completionTokens, tokensLeft, finished } = this.batching.sequences.get(owner)!;
      if (finished || completionTokens === 0) continue;
      const { mostTokens, draftTokens } = work.speculation ?? { mostTokens: work.rounds, draftTokens: 0 };
      if (mostTokens > tokensLeft) this.violations.push(`too many tokens for ${owner}`);
      if (draftTokens > request.draftTokens!) this.violations.push(`${owner} has not asked for guesses`);
    }
  }

  #loseEngine(): void {
    this.batching.engine.failure = new Error('lost');
    const inRows = new Set(this.batching.engine.owners);
    for (const life of this.lives) {
      if (!life.sequence.finished && inRows.has(ownerOf(life.request.prompt[0] ?? -1))) life.lost = true;
    }
  }

  async #restart(): Promise<void> {
    this.fairness.restart();
    if (this.#random.below(2) === 0) this.#arrive();
    if (this.#random.below(2) === 0) this.#cancel();
    await Promise.resolve();
  }

  #arrive(): void {
    if (this.#toArrive === 0) return;
    this.#toArrive--;
    const abort = new AbortController();
    const draftTokens = this.#random.pick(this.#drafts);
    const request = { ...randomRequest(this.#random, this.lives.length + 1), draftTokens, signal: abort.signal };
    const sequence = this.batching.submit(request);
    this.fairness.arrive(sequence);
    const reader = this.#random.pick(['eager', 'eager', 'slow', 'late', 'leaving'] as const);
    const heard = this.#read(sequence, reader);
    this.lives.push({ request, abort, sequence, reader, heard, cancelled: false, lost: false });
  }

  #cancel(): void {
    const life = this.lives[this.#random.below(this.lives.length)];
    if (life === undefined || life.sequence.finished) return;
    life.cancelled = true;
    if (this.#random.below(2) === 0) life.sequence.cancel();
    else life.abort.abort();
  }

  async #read(sequence: Sequence, reader: Reader): Promise<Heard> {
    if (reader === 'eager') return hear(sequence);
    if (reader === 'slow') return hear(sequence, () => this.#pause());
    if (reader === 'leaving') return leave(sequence, this.#random.below(4));
    while (!sequence.finished && !this.#over) await this.#pause();
    return hear(sequence);
  }

  async #pause(): Promise<void> {
    if (!this.#over) await new Promise<void>((resolve) => this.#paused.push(resolve));
  }

  #wake(): void {
    for (const wake of this.#paused.splice(0)) wake();
  }
}

function randomRequest(random: Random, of: number): GenerationRequest {
  const stopTokens = Array.from({ length: random.below(4) }, () => ownedToken(of, random.below(64)));
  const stopString = () => `${random.below(10)}${random.pick(['', ' ', `${random.below(10)}`, ` ${of}`])}`;
  const maxTokens = random.pick([1, 2, random.between(1, mostTokens)]);
  const minTokens = random.pick([0, random.between(0, maxTokens)]);
  return ownedRequest(of, {
    length: random.pick([1, 2, 3, random.between(1, 20), random.between(1, capacity - mostTokens)]),
    maxTokens,
    stopStrings: random.below(3) === 0 ? Array.from({ length: random.between(1, 2) }, stopString) : [],
    sampling: { ...greedy, seed: random.below(100), stopTokens, minTokens },
  });
}

/** Reads this many deltas and leaves. */
async function leave(sequence: Sequence, deltas: number): Promise<Heard> {
  let [text, read] = ['', 0];
  const reader = sequence[Symbol.asyncIterator]();
  try {
    for (; read < deltas; read++) {
      const { value, done } = await reader.next();
      if (done) break;
      text += value.text;
    }
    await reader.return?.();
    return { text, finish: 'cancelled', error: null, deltas: read };
  } catch (error) {
    return { text, finish: null, error: error as Error, deltas: read };
  }
}
