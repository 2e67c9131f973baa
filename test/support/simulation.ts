/** The real batcher on an engine that computes nothing: a trace is served by a virtual clock, every step is checked. */
import { Batcher } from '#octavo/batcher/batcher.js';
import type { FinishedEvent, StepEvent } from '#octavo/batcher/events.js';
import type { Delta } from '#octavo/batcher/generation.js';
import type { SchedulerLimits } from '#octavo/batcher/scheduler.js';
import type { Sequence } from '#octavo/batcher/sequence.js';
import type { Step } from '#octavo/models/decoder/step.js';
import type { Detokenizer } from '#octavo/models/served-model.js';
import { Fairness } from './fairness.js';
import { FakeEngine } from './fake-engine.js';
import { ownedRequest, ownerOf } from './owned-tokens.js';
import { Random } from './random.js';
import { stepMilliseconds } from './step-costs.js';
import type { Arrival } from './trace.js';

export interface SimulationOptions {
  readonly rows: number;
  readonly capacity: number;
  readonly scheduler: SchedulerLimits;
  /** One in so many requests is cancelled, some while they wait; 0: none. */
  readonly cancelOneIn?: number;
}

const boundless = { sequences: Number.MAX_SAFE_INTEGER, promptTokens: Number.MAX_SAFE_INTEGER };
const seed = 11;
/** A caller who leaves does so within so many milliseconds. */
const patienceMs = 30_000;

export class Simulation {
  /** Milliseconds from arrival to the first token, by request; `undefined` where none came. */
  readonly firstToken: (number | undefined)[] = [];
  /** Of prefill steps: useful tokens, and those computed with padding. */
  readonly prefill = { tokens: 0, paddedTokens: 0, together: 0 };
  readonly steps = { prefill: 0, decode: 0, encode: 0 };
  readonly fairness: Fairness;
  readonly finishes = { stop: 0, length: 0, cancelled: 0 };
  outputTokens = 0;
  busyMs = 0;
  now = 0;
  longestQueue = 0;
  readonly #violations: string[] = [];
  readonly #arrivals: readonly Arrival[];
  readonly #options: SimulationOptions;
  readonly #engine: FakeEngine;
  readonly #batcher: Batcher;
  readonly #random = new Random(seed);
  /** Those that have not ended, by owner. */
  readonly #live = new Map<number, Sequence>();
  #leaving: { readonly at: number; readonly sequence: Sequence }[] = [];
  #arrived = 0;
  #ended = 0;
  #becomeIdle: () => void = () => {};

  constructor(arrivals: readonly Arrival[], options: SimulationOptions) {
    const { rows, capacity, scheduler } = options;
    this.#arrivals = arrivals;
    this.#options = options;
    const mostTokens = arrivals.reduce((most, { outputTokens }) => Math.max(most, outputTokens), 0);
    this.fairness = new Fairness(scheduler, { rows, mostTokens });
    const isLive = (owner: number) => this.#live.get(owner)?.finished === false;
    this.#engine = new FakeEngine({ rows, capacity, isLive, next: (ids) => ids[0] ?? -1, records: false });
    this.#engine.onStep = (step) => this.fairness.watch(step);
    this.#engine.during = async (step) => this.#pass(step);
    this.#batcher = new Batcher({
      ...{ engine: this.#engine, scheduler, queue: boundless, clock: () => this.now },
      // `submit` asks for it while the request arrives.
      detokenizer: () => this.#detokenizer(this.#arrived),
      events: { step: (event) => this.#count(event), finished: (event) => this.#end(event) },
    });
  }

  /** Sentences that did not hold. */
  get violations(): readonly string[] {
    return [...this.#violations, ...this.#engine.violations, ...this.fairness.violations];
  }

  /** Share of the tokens computed in prefills that was padding. */
  get waste(): number {
    return 1 - this.prefill.tokens / this.prefill.paddedTokens;
  }

  async run(): Promise<this> {
    while (this.#arrived < this.#arrivals.length) {
      const idle = new Promise<void>((resolve) => {
        this.#becomeIdle = resolve;
      });
      this.now = Math.max(this.now, this.#arrivals[this.#arrived]!.at);
      this.#arrive();
      await idle;
    }
    await this.#batcher.drain();
    return this;
  }

  /** Owners are counted from 1. */
  #arrive(): void {
    const { promptTokens, outputTokens } = this.#arrivals[this.#arrived]!;
    const owner = ++this.#arrived;
    const sequence = this.#batcher.submit(
      ownedRequest(owner, { length: promptTokens, maxTokens: outputTokens }),
    ) as Sequence;
    this.#live.set(owner, sequence);
    this.fairness.arrive(sequence);
    this.longestQueue = Math.max(this.longestQueue, this.#batcher.waiting);
    const { cancelOneIn = 0 } = this.#options;
    if (cancelOneIn > 0 && this.#random.below(cancelOneIn) === 0)
      this.#leaving.push({ at: this.now + this.#random.below(patienceMs), sequence });
  }

  /** The time of a step passes; who arrives in it, arrives at its own time. */
  #pass(step: Step): void {
    const { rows, cachedTokens } = this.#engine.live;
    this.#check(rows === this.#batcher.running, 'rows are held by those that run, and by nobody else');
    this.#check(this.#ended + rows + this.#batcher.waiting === this.#arrived, 'each request runs, waits or has ended');
    const cost = stepMilliseconds(step, cachedTokens);
    this.#engine.stepMs = cost;
    const end = this.now + cost;
    this.busyMs += cost;
    while ((this.#arrivals[this.#arrived]?.at ?? Number.POSITIVE_INFINITY) <= end) {
      this.now = Math.max(this.now, this.#arrivals[this.#arrived]!.at);
      this.#arrive();
    }
    this.now = end;
    for (const { at, sequence } of this.#leaving) if (at <= end) sequence.cancel();
    this.#leaving = this.#leaving.filter(({ at }) => at > end);
  }

  #count({ kind, rows, tokens, paddedTokens }: StepEvent): void {
    this.steps[kind]++;
    if (kind !== 'prefill') return;
    this.prefill.tokens += tokens;
    this.prefill.paddedTokens += paddedTokens;
    if (rows > 1) this.prefill.together++;
  }

  #end(event: FinishedEvent): void {
    const sequence = event as Sequence;
    const owner = ownerOf(sequence.request.prompt[0] ?? -1);
    this.#check(this.#live.delete(owner), 'a request ends once');
    this.#ended++;
    this.outputTokens += sequence.completionTokens;
    const { queueMs, prefillMs } = sequence.timings;
    if (sequence.completionTokens > 0) this.firstToken[owner - 1] = queueMs + prefillMs;
    void this.#read(sequence);
    if (this.#ended === this.#arrived) this.#becomeIdle();
  }

  /** All deltas are there: the first read brings the reason, and nothing is left behind it. */
  async #read(sequence: Sequence): Promise<void> {
    const deltas = sequence[Symbol.asyncIterator]();
    const finish = ((await deltas.next()).value as Delta | undefined)?.finish;
    const more = await deltas.next();
    this.#check(finish != null && more.done === true, 'a stream ends with one finish reason');
    if (finish == null) return;
    this.finishes[finish]++;
    const whole = sequence.completionTokens === sequence.request.maxTokens;
    this.#check(finish === 'cancelled' || whole, 'who is not cancelled has every token');
  }

  #detokenizer(owner: number): Detokenizer {
    const push = (token: number) => {
      this.#check(ownerOf(token) === owner, 'a token reaches its own sequence');
      return '';
    };
    return { push, flush: () => '' };
  }

  #check(condition: boolean, sentence: string): void {
    if (!condition) this.#violations.push(`${sentence} (at ${this.now} ms)`);
  }
}
