/** A model that is timed in a process of its own, so that its memory can be told from everything else's. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { invariant, OctavoError } from '../../errors.js';
import type { RuntimeInfo } from '../served-model.js';
import type { Failure } from '../worker/thread-protocol.js';
import type { RunOptions } from './comparison-protocol.js';
import type { SpeedRun } from './receipt.js';

export interface TimingSetup extends RunOptions {
  readonly folder: string;
}

/** `count` steps are timed. */
export interface TimedRun extends Pick<SpeedRun, 'run' | 'rows'> {
  readonly count: number;
}

export type TimingRequest = { readonly kind: 'run'; readonly run: TimedRun } | { readonly kind: 'resident' };

export type TimingReply =
  | ({ readonly kind: 'ready' } & ReadyModel)
  | { readonly kind: 'times'; readonly times: readonly number[] }
  | { readonly kind: 'resident'; readonly bytes: number }
  | Failure;

/** What is known of a model when it is loaded. */
interface ReadyModel {
  readonly model: 'decoder' | 'encoder';
  readonly info: RuntimeInfo;
  /** Tokens of the prompts that decode runs begin with, or of an encoder's texts. */
  readonly tokens: number;
}

/** One request at a time. End it with `close`. */
export class TimedModel {
  readonly ready: ReadyModel;
  readonly #process: ChildProcess;

  /** Resolves when the process has loaded the model. Throws what loading throws. */
  static async start(setup: TimingSetup): Promise<TimedModel> {
    const process = fork(new URL('./timing-process.js', import.meta.url), [JSON.stringify(setup)]);
    try {
      const ready = await nextReply(process);
      invariant(ready.kind === 'ready', 'a timing process begins by saying that it is ready');
      return new TimedModel(process, ready);
    } catch (error) {
      process.kill();
      throw error;
    }
  }

  private constructor(process: ChildProcess, ready: ReadyModel) {
    this.#process = process;
    this.ready = ready;
  }

  /** Milliseconds of each step. */
  async time(run: TimedRun): Promise<readonly number[]> {
    const reply = await this.#ask({ kind: 'run', run });
    invariant(reply.kind === 'times', 'a run is answered by its times');
    return reply.times;
  }

  /** Resident bytes of the process. */
  async resident(): Promise<number> {
    const reply = await this.#ask({ kind: 'resident' });
    invariant(reply.kind === 'resident', 'the question for memory is answered by bytes');
    return reply.bytes;
  }

  /** The process closes its model and ends. */
  async close(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const exited = once(this.#process, 'exit');
    if (this.#process.connected) this.#process.disconnect();
    await exited;
  }

  #ask(request: TimingRequest): Promise<TimingReply> {
    const reply = nextReply(this.#process);
    this.#process.send(request);
    return reply;
  }
}

async function nextReply(process: ChildProcess): Promise<TimingReply> {
  const waiting = new AbortController();
  const { signal } = waiting;
  try {
    const [reply] = (await Promise.race([
      once(process, 'message', { signal }),
      once(process, 'exit', { signal }).then(([code, name]) => {
        throw new OctavoError('engine_failed', `The process that times a model ended (${name ?? code}).`);
      }),
    ])) as [TimingReply];
    if (reply.kind === 'error') throw new OctavoError(reply.code, reply.message);
    return reply;
  } finally {
    waiting.abort();
  }
}
