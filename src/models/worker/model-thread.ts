/** A model in its own worker thread, seen from the main thread: one Piscina task is one step. */
import { invariant, OctavoError } from '../../errors.js';
import { newTurnCell } from './device-turns.js';
import { type PinnedThread, startPinnedThread } from './pinned-thread.js';
import type { SessionInfo, SessionSetup, ThreadReply, ThreadRequest, ThreadSetup } from './thread-protocol.js';

const turns = newTurnCell();

export class ModelThread<Step, Result> {
  readonly #pool: PinnedThread<ThreadRequest<Step>, ThreadReply<Result>>;
  /** The thread that holds the model's state; a new one must not be taken for it. */
  #incarnation = 0;

  /** Starts `worker`, which serves `serveSteps`, and loads the model. Throws what loading throws. */
  static async start<Step, Result>(
    worker: URL,
    setup: SessionSetup,
  ): Promise<{ thread: ModelThread<Step, Result>; info: SessionInfo }> {
    const thread = new ModelThread<Step, Result>(worker, setup);
    try {
      return { thread, info: await thread.#hello() };
    } catch (error) {
      await thread.#pool.close({ force: true });
      throw error;
    }
  }

  private constructor(worker: URL, setup: SessionSetup) {
    this.#pool = startPinnedThread(worker, { ...setup, turns } satisfies ThreadSetup);
  }

  /** Rejects with `engine_failed` when the thread is lost and with the step's own error when it fails. */
  async step(step: Step): Promise<Result> {
    const reply = await this.#ask({ kind: 'step', incarnation: this.#incarnation, step });
    invariant(reply.kind === 'result', 'a step is answered by its result');
    return reply.result;
  }

  /** Between steps: the runner lets go what it does not need now. */
  async rest(): Promise<void> {
    await this.#ask({ kind: 'rest' });
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

  async #hello(): Promise<SessionInfo> {
    const reply = await this.#ask({ kind: 'hello' });
    invariant(reply.kind === 'hello', 'a hello is answered by a hello');
    this.#incarnation = reply.incarnation;
    return reply.info;
  }

  async #ask(request: ThreadRequest<Step>): Promise<ThreadReply<Result>> {
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
