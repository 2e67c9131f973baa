/** Continuous batching: schedules each step of the sequences in rows, and delivers its tokens. */
import { invariant, OctavoError } from '../errors.js';
import type { DecoderEngine, PromptChunk, RowMove, Step, StepResult } from '../models/decoder/step.js';
import type { Detokenizer } from '../models/served-model.js';
import { DecodePace } from './decode-pace.js';
import type { BatcherEvents } from './events.js';
import type { Generation, GenerationRequest } from './generation.js';
import { PromptBlocks } from './prompt-blocks.js';
import type { RoutedReplica } from './router.js';
import { RowTable } from './row-table.js';
import { type DecodePlan, nextPlan, type PrefillPlan, type SchedulerLimits, type SchedulerView } from './scheduler.js';
import { type Clock, fitsRow, Sequence } from './sequence.js';
import { StepLoop } from './step-loop.js';
import { stepSize } from './step-size.js';
import { type QueueLimits, WaitingQueue } from './waiting-queue.js';

export interface BatcherOptions {
  readonly engine: DecoderEngine;
  /** A fresh detokenizer for each sequence. */
  readonly detokenizer: () => Detokenizer;
  readonly scheduler: SchedulerLimits;
  /** Tokens to guess in a round for requests that do not say; none when left out. */
  readonly draftTokens?: number;
  readonly queue: QueueLimits;
  readonly clock: Clock;
  readonly events: BatcherEvents;
}

/** A step and the sequences of its rows, in row order. */
interface Scheduled {
  readonly step: Step;
  readonly sequences: readonly Sequence[];
}

export class Batcher implements RoutedReplica {
  readonly blocks: PromptBlocks;
  readonly #options: BatcherOptions;
  readonly #limits: SchedulerLimits;
  readonly #waiting: WaitingQueue<Sequence>;
  readonly #rows: RowTable;
  readonly #pace = new DecodePace();
  readonly #loop: StepLoop<Scheduled>;
  #lastWasPrefill = false;
  /** Padded tokens of the prompts that were admitted since the last chunk. */
  #overtaken = 0;
  #draining = false;

  constructor(options: BatcherOptions) {
    this.#options = options;
    const { engine, scheduler } = options;
    this.#limits = engine.encodesPrompts ? { ...scheduler, chunkTokens: engine.capacity } : scheduler;
    this.#waiting = new WaitingQueue(options.queue, options.clock);
    this.#rows = new RowTable(options.engine.rows);
    this.blocks = new PromptBlocks(options.engine.slots);
    this.#loop = new StepLoop({
      schedule: () => this.#schedule(),
      run: (scheduled) => this.#run(scheduled),
      lose: ({ sequences }, error, alone) => this.#lose(alone ? sequences : null, error),
      recover: () => options.engine.recover(),
      // Sequences that wait go on with a restarted engine; without one they fail.
      abandon: (error) => this.#fail(this.#waiting.takeAll(), error),
      ...{ clock: options.clock, failed: options.events.failed },
    });
  }

  checkOpen(): void {
    if (this.#draining) throw new OctavoError('draining', 'The server is shutting down and takes no new requests.');
    this.#waiting.checkRoom(0);
  }

  submit(request: GenerationRequest): Generation {
    this.checkOpen();
    invariant(request.prompt.length > 0 && fitsRow(request, this.#options.engine), 'a sequence fits its row');
    // Before there is a sequence, which would go on listening to the caller's signal.
    this.#waiting.checkRoom(request.prompt.length);
    const sequence = new Sequence(request, this.#options.detokenizer(), this.#options.clock);
    this.#waiting.add(sequence);
    if (this.#rows.free > 0) this.#options.engine.interrupt();
    this.#loop.wake();
    return sequence;
  }

  retryAfterSeconds(): number {
    return this.#waiting.secondsUntilRoom();
  }

  /** Sequences in rows. */
  get running(): number {
    return this.#rows.all.length;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** Share of the KV arena that holds tokens. */
  get kvUsage(): number {
    const cached = this.#rows.all.reduce((sum, { cachedTokens }) => sum + cachedTokens, 0);
    const { rows, capacity, encodesPrompts } = this.#options.engine;
    return cached / (rows * capacity * (encodesPrompts ? 2 : 1));
  }

  /** False while the engine is being restarted, after a restart failed, and while a step does not come back. */
  get healthy(): boolean {
    return this.#loop.healthy;
  }

  /** Tries again to bring back an engine that could not be restarted; does nothing when all is well. */
  revive(): void {
    this.#loop.revive();
  }

  /** Takes no new sequences, and resolves when those it has are finished. */
  async drain(): Promise<void> {
    this.#draining = true;
    await this.#loop.idle();
  }

  /** Ends every sequence as `cancelled`. */
  cancelAll(): void {
    for (const sequence of [...this.#rows.all, ...this.#waiting.all]) sequence.cancel();
  }

  #schedule(): Scheduled | null {
    const finished = [...this.#waiting.takeFinished(), ...this.#rows.all.filter((sequence) => sequence.finished)];
    for (const sequence of finished) this.#options.events.finished(sequence);
    const moves = this.#rows.release();
    const plan = nextPlan(this.#view(), this.#limits);
    this.#lastWasPrefill = plan !== null && plan.kind !== 'decode';
    if (plan === null) return null;
    return plan.kind === 'decode' ? this.#decode(plan, moves) : this.#prefill(plan, moves);
  }

  #view(): SchedulerView {
    const { decoding, free, chunked } = this.#rows;
    const draftTokens = this.#draftTokens();
    // With every row taken nobody is admitted: a long queue costs decode steps nothing.
    const waiting = free > 0 ? this.#waiting.all : [];
    return {
      waiting: waiting.map(({ promptTokens }) => promptTokens),
      reusable: waiting.map((sequence) => this.blocks.reusableTokens(sequence)),
      decoding: decoding.length,
      roundMs: this.#pace.roundMs(decoding.length, draftTokens > 0),
      tokensLeft: Math.min(...decoding.map(({ tokensLeft }) => tokensLeft)),
      draftTokens,
      freeRows: free,
      chunked: chunked === null ? null : { length: chunked.promptTokens, past: chunked.prefilled },
      lastWasPrefill: this.#lastWasPrefill,
      overtaken: this.#overtaken,
    };
  }

  /** All rows or none: what the least of them asked for, where guessing pays. */
  #draftTokens(): number {
    const { engine, draftTokens = 0 } = this.#options;
    const { decoding } = this.#rows;
    if (decoding.length === 0 || !engine.verifiesGuesses) return 0;
    const least = Math.min(...decoding.map(({ request }) => request.draftTokens ?? draftTokens));
    return least > 0 && this.#pace.speculationPays(decoding.length) ? least : 0;
  }

  #decode(plan: DecodePlan, moves: readonly RowMove[]): Scheduled {
    const sequences = [...this.#rows.decoding];
    return { sequences, step: { moves, work: { ...plan, rows: sequences.length } } };
  }

  #prefill(plan: PrefillPlan, moves: readonly RowMove[]): Scheduled {
    const { chunked } = this.#rows;
    const sequences = plan.kind === 'chunk' && chunked !== null ? [chunked] : this.#admit(plan.places);
    const chunks = sequences.map((sequence, index) => this.#takeChunk(sequence, plan.tokens[index] ?? 0));
    const firstRow = this.#rows.place(sequences);
    if (this.#rows.chunked === sequences[0]) this.#overtaken = 0;
    else this.#overtaken += sequences.length * Math.max(...plan.tokens);
    return { sequences, step: { moves, work: { kind: 'prefill', firstRow, chunks } } };
  }

  #admit(places: readonly number[]): readonly Sequence[] {
    const sequences = this.#waiting.take(places);
    for (const sequence of sequences) this.blocks.reuse(sequence);
    return sequences;
  }

  /** A prompt that is complete leaves its blocks to later ones. */
  #takeChunk(sequence: Sequence, tokens: number): PromptChunk {
    const chunk = sequence.takeChunk(tokens);
    return chunk.sampling === undefined ? chunk : { ...chunk, keep: this.blocks.keep(sequence) };
  }

  async #run(scheduled: Scheduled): Promise<void> {
    this.#deliver(scheduled, await this.#options.engine.step(scheduled.step));
  }

  #deliver({ sequences, step }: Scheduled, result: StepResult): void {
    sequences.forEach((sequence, index) => {
      const likely = result.logProbabilities?.[index];
      for (const [at, token] of (result.tokens[index] ?? []).entries()) sequence.accept(token, likely?.[at]);
    });
    const { modelMs, sampleMs, speculation } = result;
    const size = stepSize(step, result);
    const speculated = speculation !== undefined;
    if (size.kind === 'decode') this.#pace.observe({ ...size, ms: modelMs + sampleMs, speculated });
    this.#options.events.step({ ...size, modelMs, sampleMs, ...(speculated && { speculation }) });
  }

  /** Only some are lost, whose rows are free then; `null`: the KV cache with the engine, and every sequence in it. */
  #lose(some: readonly Sequence[] | null, error: Error): void {
    if (some === null) this.#fail(this.#rows.clear(), error);
    else for (const sequence of some) sequence.fail(error);
    this.blocks.clear();
  }

  #fail(sequences: readonly Sequence[], error: Error): void {
    for (const sequence of sequences) {
      sequence.fail(error);
      this.#options.events.finished(sequence);
    }
  }
}
