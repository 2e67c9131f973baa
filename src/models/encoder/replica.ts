/** An encoder in its own worker thread, as the batcher sees it. */
import type { RuntimeInfo } from '../served-model.js';
import { ModelThread } from '../worker/model-thread.js';
import type { EncodeResult, EncoderEngine, EncodeStep } from './encode-step.js';
import type { EncoderSetup } from './worker-protocol.js';

const worker = new URL('./worker.js', import.meta.url);

/** What of an engine its thread does not need to know. */
type EncoderLimits = Pick<EncoderEngine, 'rows' | 'capacity'>;

export class EncoderReplica implements EncoderEngine {
  readonly rows: number;
  readonly capacity: number;
  readonly width: number;
  readonly #thread: ModelThread<EncodeStep, EncodeResult>;

  /** Starts the thread and loads the model. Throws what loading throws. */
  static async start(
    setup: EncoderSetup,
    limits: EncoderLimits,
  ): Promise<{ replica: EncoderReplica; info: RuntimeInfo }> {
    const { thread, info } = await ModelThread.start<EncodeStep, EncodeResult>(worker, setup);
    const replica = new EncoderReplica(thread, { ...limits, width: setup.shape.width });
    return { replica, info: { ...info, devices: [info.provider], rows: replica.rows } };
  }

  private constructor(
    thread: ModelThread<EncodeStep, EncodeResult>,
    { rows, capacity, width }: EncoderLimits & Pick<EncoderEngine, 'width'>,
  ) {
    this.#thread = thread;
    this.rows = rows;
    this.capacity = capacity;
    this.width = width;
  }

  step(step: EncodeStep): Promise<EncodeResult> {
    return this.#thread.step(step);
  }

  recover(): Promise<void> {
    return this.#thread.recover();
  }

  close(): Promise<void> {
    return this.#thread.close();
  }
}
