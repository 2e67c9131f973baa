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
  readonly #thread: ModelThread<Step, StepResult>;

  /** Starts the thread and loads the model. Throws what loading throws. */
  static async start(setup: DecoderSetup): Promise<{ replica: DecoderReplica; info: RuntimeInfo }> {
    const { thread, info } = await ModelThread.start<Step, StepResult>(worker, setup);
    const replica = new DecoderReplica(thread, setup);
    return { replica, info: { ...info, rows: replica.rows } };
  }

  private constructor(thread: ModelThread<Step, StepResult>, { shape, encoder }: DecoderSetup) {
    this.#thread = thread;
    this.rows = shape.rows;
    this.capacity = shape.capacity;
    this.slots = encoder === undefined ? (shape.slots ?? 0) : 0;
    this.encodesPrompts = encoder !== undefined;
  }

  step(step: Step): Promise<StepResult> {
    return this.#thread.step(step);
  }

  recover(): Promise<void> {
    return this.#thread.recover();
  }

  close(): Promise<void> {
    return this.#thread.close();
  }
}
