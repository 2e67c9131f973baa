/** A model in its own worker thread, seen from the main thread: one Piscina task is one step. */
import { invariant, OctavoError } from '../../errors.js';
import { lostDevice } from '../runtime/device-failure.js';
import { newTurnCell } from './device-turns.js';
import { addUser, type DeviceUser, everybodyLeft, leaveDevices, removeUser } from './lost-devices.js';
import { type PinnedThread, startPinnedThread } from './pinned-thread.js';
import type { SessionInfo, SessionSetup, ThreadReply, ThreadRequest, ThreadSetup } from './thread-protocol.js';

const turns = newTurnCell();

export class ModelThread<Step, Result> implements DeviceUser {
  devices: readonly string[] = [];
  readonly #pool: PinnedThread<ThreadRequest<Step>, ThreadReply<Result>>;
  /** The loading that made the model's state; a later one must not be taken for it. */
  #incarnation = '';
  /** It found its device lost. */
  #foundLost = false;
  /** It was made to leave its device, with all of the model's state. */
  #left = false;

  /** Starts `worker`, which serves `serveSteps`, and loads the model. Throws what loading throws. */
  static async start<Step, Result>(
    worker: URL,
    setup: SessionSetup,
  ): Promise<{ thread: ModelThread<Step, Result>; info: SessionInfo }> {
    const thread = new ModelThread<Step, Result>(worker, setup);
    try {
      const info = await thread.#hello();
      addUser(thread);
      return { thread, info };
    } catch (error) {
      await thread.#pool.close({ force: true });
      throw error;
    }
  }

  private constructor(worker: URL, setup: SessionSetup) {
    this.#pool = startPinnedThread(worker, { ...setup, turns } satisfies ThreadSetup);
  }

  /** Rejects with `engine_failed` when the thread is lost, `device_lost` when its device is, and the step's own error when it fails. */
  async step(step: Step): Promise<Result> {
    if (this.#left) throw lostDevice();
    const reply = await this.#ask({ kind: 'step', incarnation: this.#incarnation, step });
    invariant(reply.kind === 'result', 'a step is answered by its result');
    return reply.result;
  }

  /** Between steps: the runner lets go what it does not need now. */
  async rest(): Promise<void> {
    await this.#ask({ kind: 'rest' });
  }

  /** The pool has replaced a lost thread by now; the new one answers when it has loaded the model. A lost device is left before. */
  async recover(): Promise<void> {
    if (this.#foundLost && !this.#left) leaveDevices(this);
    await everybodyLeft();
    await this.#hello();
  }

  async leave(): Promise<void> {
    this.#left = true;
    // A thread that does not answer has nothing on the device.
    await this.#ask({ kind: 'leave' }).catch(() => {});
  }

  async close(): Promise<void> {
    removeUser(this);
    try {
      await this.#ask({ kind: 'close' });
    } finally {
      await this.#pool.close();
    }
  }

  async #hello(): Promise<SessionInfo> {
    [this.#foundLost, this.#left] = [false, false];
    const reply = await this.#ask({ kind: 'hello' });
    invariant(reply.kind === 'hello', 'a hello is answered by a hello');
    this.#incarnation = reply.incarnation;
    this.devices = reply.info.provider.split('+').filter((name) => name !== 'cpu');
    return reply.info;
  }

  async #ask(request: ThreadRequest<Step>): Promise<ThreadReply<Result>> {
    try {
      const reply = await this.#pool.run(request);
      if (reply.kind !== 'error') return reply;
      this.#foundLost ||= reply.code === 'device_lost';
      throw new OctavoError(reply.code, reply.message, null, { cause: new Error(reply.detail) });
    } catch (error) {
      if (error instanceof OctavoError) throw error;
      throw new OctavoError('engine_failed', 'The engine stopped and is being restarted.', null, { cause: error });
    }
  }
}
