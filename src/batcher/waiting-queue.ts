/** Sequences, or texts, that wait for a step, oldest first; bounded in number and in tokens. */
import { counted } from '../counted.js';
import { OctavoError } from '../errors.js';
import type { Clock } from './sequence.js';

export interface QueueLimits {
  readonly sequences: number;
  readonly promptTokens: number;
}

/** What can wait. */
export interface Waiting {
  readonly promptTokens: number;
  /** It ended while it waited. */
  readonly finished: boolean;
}

/** Weight of the newest interval in the running average of how fast the queue drains. */
const newest = 0.2;

export class WaitingQueue<T extends Waiting> {
  readonly #limits: QueueLimits;
  readonly #clock: Clock;
  #sequences: T[] = [];
  #promptTokens = 0;
  #lastTaken: number | null = null;
  /** Running average of the milliseconds between two sequences that leave the queue. */
  #interval: number | null = null;

  constructor(limits: QueueLimits, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
  }

  get length(): number {
    return this.#sequences.length;
  }

  /** Prompt lengths, oldest first. */
  lengths(): number[] {
    return this.#sequences.map(({ promptTokens }) => promptTokens);
  }

  /** Throws `queue_full` when a prompt of `length` tokens has no place; an empty queue takes any prompt. */
  checkRoom(length: number): void {
    const { sequences, promptTokens } = this.#limits;
    const full = this.length >= sequences || this.#promptTokens + length > promptTokens;
    if (full && this.length > 0) {
      throw new OctavoError(
        'queue_full',
        `The queue is full: ${counted(this.length, 'sequence')} with ${counted(this.#promptTokens, 'prompt token')} wait (at most ${sequences} and ${promptTokens}). Try again in ${this.secondsUntilRoom()} s.`,
      );
    }
  }

  add(sequence: T): void {
    this.#sequences.push(sequence);
    this.#promptTokens += sequence.promptTokens;
  }

  /** Removes and returns the sequences at these places, in the order given. */
  take(places: readonly number[]): T[] {
    const taken = places.map((place) => this.#sequences[place]).filter((sequence) => sequence !== undefined);
    this.#remove(new Set(taken));
    this.#measure(taken.length);
    return taken;
  }

  /** Removes and returns what was cancelled while it waited. */
  takeFinished(): T[] {
    const finished = this.#sequences.filter((sequence) => sequence.finished);
    if (finished.length > 0) this.#remove(new Set(finished));
    return finished;
  }

  get all(): readonly T[] {
    return this.#sequences;
  }

  takeAll(): T[] {
    const all = this.#sequences;
    this.#remove(new Set(all));
    return all;
  }

  /** Whole seconds until a place is free, from how fast the queue has drained; at least 1, at most 60. */
  secondsUntilRoom(): number {
    const seconds = ((this.#interval ?? 1000) * Math.max(1, this.length / 2)) / 1000;
    return Math.min(60, Math.max(1, Math.ceil(seconds)));
  }

  #remove(gone: ReadonlySet<T>): void {
    this.#sequences = this.#sequences.filter((sequence) => !gone.has(sequence));
    for (const { promptTokens } of gone) this.#promptTokens -= promptTokens;
  }

  #measure(taken: number): void {
    const now = this.#clock();
    if (this.#lastTaken !== null && taken > 0) {
      const interval = (now - this.#lastTaken) / taken;
      this.#interval = this.#interval === null ? interval : this.#interval * (1 - newest) + interval * newest;
    }
    // An empty queue says nothing about how fast it drains.
    this.#lastTaken = this.length > 0 ? now : null;
  }
}
