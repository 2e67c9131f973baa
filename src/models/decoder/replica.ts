/** A decoder in its own worker thread, as the batcher sees it. */
import type { RuntimeInfo } from '../served-model.js';
import { ModelThread } from '../worker/model-thread.js';
import type { DecoderEngine, Step, StepResult } from './step.js';
import type { DecoderSetup } from './worker-protocol.js';

const worker = new URL('./worker.js', import.meta.url);

export class DecoderReplica implements DecoderEngine {
  readonly rows: number;
  readonly capacity: number;
  readonly slots: number;
  readonly encodesPrompts: boolean;
  readonly verifiesGuesses: boolean;
  readonly #thread: ModelThread<Step, StepResult>;
  readonly #interrupt: Int32Array<SharedArrayBuffer>;

  /** Starts the thread and loads the model. Throws what loading throws. */
  static async start(
    settings: Omit<DecoderSetup, 'interrupt'>,
  ): Promise<{ replica: DecoderReplica; info: RuntimeInfo }> {
    const setup = { ...settings, interrupt: new Int32Array(new SharedArrayBuffer(4)) };
    const { thread, info } = await ModelThread.start<Step, StepResult>(worker, setup);
    const replica = new DecoderReplica(thread, setup);
    return { replica, info: { ...info, rows: replica.rows } };
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

  step(step: Step): Promise<StepResult> {
    // Before it is sent: what interrupts it comes later.
    Atomics.store(this.#interrupt, 0, 0);
    return this.#thread.step(step);
  }

  interrupt(): void {
    Atomics.store(this.#interrupt, 0, 1);
  }

  recover(): Promise<void> {
    return this.#thread.recover();
  }

  close(): Promise<void> {
    return this.#thread.close();
  }
}
