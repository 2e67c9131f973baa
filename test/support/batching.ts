/** A batcher on the fake engine, with what happened on record; time passes only where the test says so. */
import { Batcher, type BatcherOptions } from '#octavo/batcher/batcher.js';
import type { FinishedEvent, StepEvent } from '#octavo/batcher/events.js';
import type { FinishReason, Generation, GenerationRequest } from '#octavo/batcher/generation.js';
import type { Sequence } from '#octavo/batcher/sequence.js';
import { FakeEngine } from './fake-engine.js';
import { numberDetokenizer, ownerOf } from './owned-tokens.js';

export interface BatchingOptions extends Partial<Pick<BatcherOptions, 'scheduler' | 'queue' | 'detokenizer'>> {
  readonly rows?: number;
  readonly capacity?: number;
  readonly slots?: number;
  readonly encodesPrompts?: boolean;
  readonly verifiesGuesses?: boolean;
}

export class Batching {
  readonly engine: FakeEngine;
  readonly batcher: Batcher;
  readonly steps: StepEvent[] = [];
  readonly finished: FinishedEvent[] = [];
  /** Sequences by owner, in the order of their arrival. */
  readonly sequences = new Map<number, Sequence>();
  /** Milliseconds. */
  now = 0;

  constructor(options: BatchingOptions = {}) {
    const { rows = 4, capacity = 256, slots = 0, encodesPrompts = false, verifiesGuesses = true } = options;
    const { scheduler, queue, detokenizer = numberDetokenizer } = options;
    const isLive = (owner: number) => this.sequences.get(owner)?.finished === false;
    this.engine = new FakeEngine({ rows, capacity, slots, encodesPrompts, verifiesGuesses, isLive });
    this.batcher = new Batcher({
      engine: this.engine,
      detokenizer,
      scheduler: scheduler ?? { chunkTokens: 8, prefillTokens: 32, maxWaste: 0.1, messageMs: 0, grouping: 'length' },
      queue: queue ?? { sequences: 1000, promptTokens: 100_000 },
      clock: () => this.now,
      events: { step: (event) => this.steps.push(event), finished: (event) => this.finished.push(event) },
    });
  }

  submit(request: GenerationRequest): Sequence {
    const sequence = this.batcher.submit(request) as Sequence;
    this.sequences.set(ownerOf(request.prompt[0] ?? -1), sequence);
    return sequence;
  }

  /** Resolves when nothing runs and nothing waits. Only promises are waited for: there is no timer in between. */
  async idle(): Promise<void> {
    await turns(() => this.batcher.running + this.batcher.waiting === 0);
    // The loop notices one turn later that there is nothing to do.
    for (let i = 0; i < 10; i++) await Promise.resolve();
  }
}

/** Lets other promises run until the condition holds; throws when it does not come to hold. */
export async function turns(condition: () => boolean): Promise<void> {
  for (let turn = 0; !condition(); turn++) {
    if (turn === 100_000) throw new Error('what is waited for never comes');
    await Promise.resolve();
  }
}

export interface Heard {
  readonly text: string;
  /** `null`: it ended with an error. */
  readonly finish: FinishReason | null;
  readonly error: Error | null;
  readonly deltas: number;
}

/** Reads a generation to its end; `pause` comes before each read. */
export async function hear(generation: Generation, pause?: () => Promise<void>): Promise<Heard> {
  let [text, deltas] = ['', 0];
  let finish: FinishReason | null = null;
  try {
    await pause?.();
    for await (const delta of generation) {
      text += delta.text;
      finish = delta.finish;
      deltas++;
      if (finish === null) await pause?.();
    }
    return { text, finish, error: null, deltas };
  } catch (error) {
    return { text, finish: null, error: error as Error, deltas };
  }
}
