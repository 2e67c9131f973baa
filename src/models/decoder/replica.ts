/** A decoder in its own worker thread, as the batcher sees it: one Piscina task is one step. */
import { Piscina } from 'piscina';
import { invariant, OctavoError } from '../../errors.js';
import type { RuntimeInfo } from '../served-model.js';
import type { DecoderEngine, Step, StepResult } from './step.js';
import type { WorkerReply, WorkerRequest, WorkerSetup } from './worker-protocol.js';

export class DecoderReplica implements DecoderEngine {
  readonly rows: number;
  readonly capacity: number;
  readonly #pool: Piscina<WorkerRequest, WorkerReply>;
  /** The thread that holds the rows; a new one must not be taken for it. */
  #incarnation = 0;

  /** Starts the thread and loads the model. Throws what loading throws. */
  static async start(setup: WorkerSetup): Promise<{ replica: DecoderReplica; info: RuntimeInfo }> {
    const replica = new DecoderReplica(setup);
    try {
      return { replica, info: await replica.#hello() };
    } catch (error) {
      await replica.#pool.close({ force: true });
      throw error;
    }
  }

  private constructor(setup: WorkerSetup) {
    this.rows = setup.shape.rows;
    this.capacity = setup.shape.capacity;
    // One pinned thread, never aborted: ending a thread inside a native run aborts the process.
    this.#pool = new Piscina({
      filename: new URL('./worker.js', import.meta.url).href,
      workerData: setup,
      minThreads: 1,
      maxThreads: 1,
      concurrentTasksPerWorker: 1,
      idleTimeout: Number.POSITIVE_INFINITY,
    });
  }

  async step(step: Step): Promise<StepResult> {
    const reply = await this.#ask({ kind: 'step', incarnation: this.#incarnation, step });
    invariant(reply.kind === 'result', 'a step is answered by its result');
    return reply.result;
  }

  /** The pool has replaced a lost thread by now; the new one answers when it has loaded the model. */
  async recover(): Promise<void> {
    await this.#hello();
  }

  async close(): Promise<void> {
    try {
      await this.#ask({ kind: 'close' });
    } finally {
      await this.#pool.close();
    }
  }

  async #hello(): Promise<RuntimeInfo> {
    const reply = await this.#ask({ kind: 'hello' });
    invariant(reply.kind === 'hello', 'a hello is answered by a hello');
    this.#incarnation = reply.incarnation;
    return reply.info;
  }

  async #ask(request: WorkerRequest): Promise<WorkerReply> {
    try {
      const reply = await this.#pool.run(request);
      if (reply.kind === 'error') throw new OctavoError(reply.code, reply.message);
      return reply;
    } catch (error) {
      if (error instanceof OctavoError) throw error;
      throw new OctavoError('engine_failed', 'The engine stopped and is being restarted.', null, { cause: error });
    }
  }
}
