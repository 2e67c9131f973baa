/** The scheduler's promises about waiting, checked step by step from outside. */
import { chunkLength, type SchedulerLimits } from '#octavo/batcher/scheduler.js';
import type { Sequence } from '#octavo/batcher/sequence.js';
import type { Prefill, Step } from '#octavo/models/decoder/step.js';
import { ownerOf } from './owned-tokens.js';

interface Place {
  readonly sequence: Sequence;
  /** Of its prompt. */
  readonly chunks: number;
  /** Steps before it arrived, and the most that may pass before it has a row. */
  readonly arrived: number;
  readonly patience: number;
}

export class Fairness {
  /** Sentences that did not hold; a test expects none. */
  readonly violations: string[] = [];
  /** The greatest share of its patience that a sequence needed, 0 to 1. */
  patienceUsed = 0;
  readonly #limits: SchedulerLimits;
  readonly #rows: number;
  /** The most tokens that a sequence generates: after as many decode steps a row is free. */
  readonly #mostTokens: number;
  #waiting: Place[] = [];
  #running: Place[] = [];
  #steps = 0;
  #last: Step | null = null;
  /** The prompt in chunks, and the padded tokens that have overtaken it since its last chunk. */
  #chunked: Place | null = null;
  #overtaken = 0;

  constructor(limits: SchedulerLimits, { rows, mostTokens }: { readonly rows: number; readonly mostTokens: number }) {
    this.#limits = limits;
    this.#rows = rows;
    this.#mostTokens = mostTokens;
  }

  /**
   * Each sequence before this one costs its chunks, with each the admissions that overtake, no more than there are rows,
   * a decode step after each of these, and the wait for a row; then comes one more such wait, for its own row.
   */
  arrive(sequence: Sequence): void {
    const before = [...this.#running, ...this.#waiting].filter((place) => !place.sequence.finished);
    const chunks = before.reduce((sum, place) => sum + place.chunks, 0);
    const patience = 2 * (1 + this.#rows) * chunks + (before.length + 1) * this.#mostTokens + 1;
    const own = countChunks(sequence.promptTokens, this.#limits);
    this.#waiting.push({ sequence, chunks: own, arrived: this.#steps, patience });
  }

  watch(step: Step): void {
    const live = ({ sequence }: Place) => !sequence.finished;
    this.#waiting = this.#waiting.filter(live);
    this.#running = this.#running.filter(live);
    if (this.#chunked?.sequence.finished) this.#chunked = null;
    if (step.work.kind === 'prefill') this.#watchPrefill(step.work);
    else {
      this.#check(!this.#idles(), 'no newcomer waits for two decode steps beside a free row');
      this.#check(step.work.rounds === 1 || !this.#somebodyWaits, 'who could begin waits for one round of decoding');
    }
    this.#last = step;
    this.#steps++;
  }

  /** Every row is lost: what came before says nothing about the next step. */
  restart(): void {
    this.#last = null;
    this.#chunked = null;
  }

  #watchPrefill({ chunks }: Prefill): void {
    const owners = new Set(chunks.map(({ ids }) => ownerOf(ids[0] ?? -1)));
    const admitted = this.#waiting.filter(({ sequence }) => owners.has(ownerOf(sequence.request.prompt[0] ?? -1)));
    const twice = this.#running.some((place) => place !== this.#chunked) && this.#last?.work.kind === 'prefill';
    this.#check(!twice, 'running sequences wait for at most one prefill');
    const complete = chunks[0]?.sampling !== undefined;
    const padded = chunks.length * Math.max(...chunks.map(({ ids }) => ids.length));
    if (admitted.length > 0) this.#admit(admitted, padded);
    if (admitted.length === 0 || !complete) this.#overtaken = 0;
    if (!complete) this.#chunked ??= admitted[0] ?? null;
    else if (admitted.length === 0) this.#chunked = null;
  }

  #admit(admitted: readonly Place[], padded: number): void {
    const [oldest] = this.#waiting;
    const short = this.#waiting.find(({ chunks }) => chunks === 1);
    const next = this.#chunked === null ? oldest : short;
    this.#check(next !== undefined && admitted.includes(next), 'the oldest is next, beside a long prompt of the short');
    const within = this.#overtaken === 0 || this.#overtaken + padded <= this.#limits.prefillTokens;
    this.#check(this.#chunked === null || within, 'a chunk waits for no more than the budget of one prefill');
    this.#overtaken = this.#chunked === null ? 0 : this.#overtaken + padded;
    this.#waiting = this.#waiting.filter((place) => !admitted.includes(place));
    this.#running.push(...admitted);
    const full = this.#running.length === this.#rows;
    this.#check(!full || next === oldest, 'who is overtaken finds a row');
    for (const { arrived, patience } of admitted) {
      this.patienceUsed = Math.max(this.patienceUsed, (this.#steps - arrived) / patience);
      this.#check(this.#steps - arrived <= patience, 'none waits longer than the rule allows');
    }
  }

  #idles(): boolean {
    return this.#last?.work.kind === 'decode' && this.#waiting.length > 0 && this.#running.length < this.#rows;
  }

  get #somebodyWaits(): boolean {
    const free = this.#running.length < this.#rows;
    return this.#chunked !== null || (free && this.#waiting.length > 0);
  }

  #check(condition: boolean, sentence: string): void {
    if (!condition) this.violations.push(`${sentence} (step ${this.#steps})`);
  }
}

function countChunks(length: number, limits: SchedulerLimits): number {
  let chunks = 0;
  for (let past = 0; past < length; chunks++) past += chunkLength({ length, past }, limits);
  return chunks;
}
