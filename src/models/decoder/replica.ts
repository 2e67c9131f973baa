/** A decoder in its own worker thread, as the batcher sees it. */
import type { RuntimeInfo } from '../served-model.js';
import { ModelThread } from '../worker/model-thread.js';
import type { DecoderEngine, Step, StepResult } from './step.js';
import type { DecoderSetup } from './worker-protocol.js';

/** Milliseconds without a step after which no sequence can be in a row, and the memory of all rows goes back to the system. */
export const idleMs = 10_000;

const worker = new URL('./worker.js', import.meta.url);

export class DecoderReplica implements DecoderEngine {
  readonly rows: number;
  readonly capacity: number;
  readonly slots: number;
  readonly encodesPrompts: boolean;
  readonly verifiesGuesses: boolean;
  readonly #thread: ModelThread<Step, StepResult>;
  readonly #interrupt: Int32Array<SharedArrayBuffer>;
  /** Runs while no step does. */
  #idle: NodeJS.Timeout | null = null;

  /** Starts the thread and loads the model. Throws what loading throws. */
  static async start(
    settings: Omit<DecoderSetup, 'interrupt'>,
  ): Promise<{ replica: DecoderReplica; info: RuntimeInfo }> {
    const setup = { ...settings, interrupt: new Int32Array(new SharedArrayBuffer(4)) };
    const { thread, info } = await ModelThread.start<Step, StepResult>(worker, setup);
    const replica = new DecoderReplica(thread, setup);
    return { replica, info: { ...info, devices: [info.provider], rows: replica.rows } };
  }

  private constructor(thread: ModelThread<Step, StepResult>, { shape, encoder, ports, interrupt }: DecoderSetup) {
    this.#thread = thread;
    this.#interrupt = interrupt;
    this.rows = shape.rows;
    this.capacity = shape.capacity;
    this.slots = encoder === undefined ? (shape.slots ?? 0) : 0;
    this.encodesPrompts = encoder !== undefined;
    this.verifiesGuesses = encoder === undefined && ports?.passing !== 'growing';
  }

  async step(step: Step): Promise<StepResult> {
    this.#wake();
    // Before it is sent: what interrupts it comes later.
    Atomics.store(this.#interrupt, 0, 0);
    const result = await this.#thread.step(step);
    // A batcher with sequences sends the next step at once.
    this.#idle = setTimeout(() => this.#thread.rest().catch(() => {}), idleMs).unref();
    return result;
  }

  interrupt(): void {
    Atomics.store(this.#interrupt, 0, 1);
  }

  recover(): Promise<void> {
    return this.#thread.recover();
  }

  close(): Promise<void> {
    this.#wake();
    return this.#thread.close();
  }

  #wake(): void {
    if (this.#idle !== null) clearTimeout(this.#idle);
    this.#idle = null;
  }
}
