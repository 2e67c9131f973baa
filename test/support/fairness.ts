/** The scheduler's promises about waiting, checked step by step from outside. */
import { chunkLength, type SchedulerLimits } from '#octavo/batcher/scheduler.js';
import type { Sequence } from '#octavo/batcher/sequence.js';
import type { Prefill, Step } from '#octavo/models/decoder/step.js';
import { ownerOf } from './owned-tokens.js';

interface Place {
  readonly sequence: Sequence;
  /** Steps before it arrived, and the most that may pass before it has a row. */
  readonly arrived: number;
  readonly patience: number;
  admitted: boolean;
}

export class Fairness {
  /** Sentences that did not hold; a test expects none. */
  readonly violations: string[] = [];
  readonly #limits: SchedulerLimits;
  readonly #rows: number;
  /** The most tokens that a sequence generates: after as many decode steps a row is free. */
  readonly #mostTokens: number;
  readonly #places: Place[] = [];
  #steps = 0;
  #last: Step | null = null;

  constructor(limits: SchedulerLimits, { rows, mostTokens }: { readonly rows: number; readonly mostTokens: number }) {
    this.#limits = limits;
    this.#rows = rows;
    this.#mostTokens = mostTokens;
  }

  /**
   * Each sequence before this one costs its chunks, a decode step after each, and the wait for a row; then comes one
   * more such wait, for its own row.
   */
  arrive(sequence: Sequence): void {
    const before = this.#places.filter((place) => !place.sequence.finished);
    const chunks = before.reduce((sum, place) => sum + countChunks(place.sequence.promptTokens, this.#limits), 0);
    const patience = 2 * chunks + (before.length + 1) * this.#mostTokens + 1;
    this.#places.push({ sequence, arrived: this.#steps, patience, admitted: false });
  }

  watch(step: Step): void {
    const waiting = this.#places.filter(({ sequence, admitted }) => !admitted && !sequence.finished);
    if (step.work.kind === 'prefill') this.#watchPrefill(step.work, waiting);
    else this.#check(!this.#idles(waiting), 'no newcomer waits for two decode steps beside a free row');
    this.#last = step;
    this.#steps++;
  }

  /** Every row is lost: what came before says nothing about the next step. */
  restart(): void {
    this.#last = null;
  }

  #watchPrefill({ firstRow, chunks }: Prefill, waiting: readonly Place[]): void {
    const owners = new Set(chunks.map(({ ids }) => ownerOf(ids[0] ?? -1)));
    const admitted = waiting.filter(({ sequence }) => owners.has(ownerOf(sequence.request.prompt[0] ?? -1)));
    const twice = firstRow > 0 && this.#last?.work.kind === 'prefill';
    this.#check(!twice, 'running sequences wait for at most one prefill');
    this.#check(
      chunks[0]?.past !== 0 || admitted.includes(waiting[0] as Place),
      'the oldest is the next to be admitted',
    );
    for (const place of admitted) {
      place.admitted = true;
      this.#check(this.#steps - place.arrived <= place.patience, 'none waits longer than the rule allows');
    }
  }

  #idles(waiting: readonly Place[]): boolean {
    const running = this.#places.filter(({ sequence, admitted }) => admitted && !sequence.finished).length;
    return this.#last?.work.kind === 'decode' && waiting.length > 0 && running < this.#rows;
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
