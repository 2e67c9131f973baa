/** The loop in front of an engine: schedule a step, have it run, restart the engine when it fails. */
import { OctavoError } from '../errors.js';
import type { EngineFailure } from './events.js';
import type { Clock } from './sequence.js';

/** Milliseconds after which a step counts as hung in native code; no step takes a small part of it. */
const stuckMs = 120_000;

/** What a batcher does in its loop. */
export interface StepLoopParts<Step> {
  /** The next step; `null` when there is nothing to do. */
  schedule(): Step | null;
  /** Has the step run, and delivers what it gave. */
  run(step: Step): Promise<void>;
  /** The step failed: `alone`, or the engine's state with it. */
  lose(step: Step, error: Error, alone: boolean): void;
  /** Resolves when the engine works again. Rejects when it does not. */
  recover(): Promise<void>;
  /** The engine does not work: nothing that waits can go on. */
  abandon(error: Error): void;
  /** Told of every failure. */
  readonly failed?: ((failure: EngineFailure) => void) | undefined;
  readonly clock: Clock;
}

export class StepLoop<Step> {
  readonly #parts: StepLoopParts<Step>;
  #healthy = true;
  /** When the last step was sent; `null` while there is nothing to do. */
  #stepStarted: number | null = null;
  /** The running loop; `null` while there is nothing to do. */
  #working: Promise<void> | null = null;

  constructor(parts: StepLoopParts<Step>) {
    this.#parts = parts;
  }

  /** There is something to do. */
  wake(): void {
    this.#working ??= this.#work();
  }

  /** False while the engine is being restarted, after a restart failed, and while a step does not come back. */
  get healthy(): boolean {
    const stuck = this.#stepStarted !== null && this.#parts.clock() - this.#stepStarted > stuckMs;
    return this.#healthy && !stuck;
  }

  /** Tries again to bring back an engine that could not be restarted; does nothing when all is well. */
  revive(): void {
    if (!this.#healthy) this.wake();
  }

  /** Resolves when there is nothing to do. */
  async idle(): Promise<void> {
    await this.#working;
  }

  /** Nothing awaits between finding no work and stopping, so no wake is missed. */
  async #work(): Promise<void> {
    // What is submitted in the same turn is computed together.
    await Promise.resolve();
    if (!this.#healthy) await this.#restart();
    for (let step = this.#parts.schedule(); step !== null; step = this.#parts.schedule()) {
      try {
        this.#stepStarted = this.#parts.clock();
        await this.#parts.run(step);
      } catch (error) {
        // What lacked memory has touched nothing but its own rows.
        const alone = error instanceof OctavoError && error.code === 'device_out_of_memory';
        this.#healthy = alone;
        this.#parts.failed?.({ error: error as Error, broken: false });
        this.#parts.lose(step, error as Error, alone);
        if (!alone) await this.#restart();
      }
    }
    this.#stepStarted = null;
    this.#working = null;
  }

  /** What waits goes on with the restarted engine. */
  async #restart(): Promise<void> {
    try {
      await this.#parts.recover();
      this.#healthy = true;
    } catch (error) {
      this.#parts.failed?.({ error: error as Error, broken: true });
      this.#parts.abandon(error as Error);
    }
  }
}
