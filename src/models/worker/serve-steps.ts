/** What every model's worker thread does: load the graph, run steps, tell failures. */
import { threadId } from 'node:worker_threads';
import { OctavoError } from '../../errors.js';
import { candidateDevices, conciseReason, describeDevice } from '../runtime/device.js';
import { openRuntime } from '../runtime/open-runtime.js';
import { describePlacement } from '../runtime/placement.js';
import type { Device, Runtime, Session } from '../runtime/runtime.js';
import { takeTurn } from './device-turns.js';
import {
  type SessionInfo,
  type ThreadReply,
  type ThreadRequest,
  type ThreadSetup,
  toFailure,
} from './thread-protocol.js';

/** A graph that is ready for its steps. */
export interface StepRunner<Step, Result> {
  step(step: Step): Promise<Result>;
  /** Nothing is to be done for a while: what only steps need can go. */
  rest?(): Promise<void>;
  close(): Promise<void>;
}

/** What opens further graphs. */
export interface GraphOpener {
  readonly runtime: Runtime;
  /** Opens a file, or the bytes of a graph, as the setup says. Throws what opening a session throws. */
  open(graph: string | Uint8Array): Promise<Session>;
}

/** Makes the runner of a loaded graph. */
export type CreateRunner<Step, Result> = (session: Session, opener: GraphOpener) => Promise<StepRunner<Step, Result>>;

interface Loaded<Step, Result> {
  readonly runner: StepRunner<Step, Result>;
  readonly device: Device;
  readonly info: SessionInfo;
}

/**
 * The handler of a worker thread. Loading starts at once; a failure is told to whoever asks, and the next hello
 * tries again. Not earlier: who was told of it may end the thread, and no native call must be running in it then.
 */
export function serveSteps<Step, Result>(
  setup: ThreadSetup,
  createRunner: CreateRunner<Step, Result>,
): (request: ThreadRequest<Step>) => Promise<ThreadReply<Result>> {
  let loads = 1;
  let loading: Promise<Loaded<Step, Result>> | null = load(setup, createRunner);
  loading.catch(() => {});
  const again = () => {
    loads++;
    return load(setup, createRunner);
  };
  return async (request) => {
    try {
      if (request.kind === 'hello') loading ??= again();
      if (loading === null && request.kind === 'leave') return { kind: 'left' };
      if (loading === null) throw new OctavoError('engine_failed', 'The engine has not loaded its model.');
      const { runner, device, info } = await loading;
      const inTurn = <T>(use: () => Promise<T>) => takeTurn(setup.turns, device.provider, use);
      const incarnation = `${threadId}.${loads}`;
      switch (request.kind) {
        case 'hello':
          return { kind: 'hello', incarnation, info };
        case 'step':
          if (request.incarnation !== incarnation) throw new OctavoError('engine_failed', 'The engine was restarted.');
          return { kind: 'result', result: await inTurn(() => runner.step(request.step)) };
        case 'rest':
          await inTurn(async () => runner.rest?.());
          return { kind: 'rested' };
        case 'leave':
          loading = null;
          await inTurn(() => runner.close());
          return { kind: 'left' };
        case 'close':
          await inTurn(() => runner.close());
          return { kind: 'closed' };
      }
    } catch (error) {
      await loading?.catch(() => {
        loading = null;
      });
      return toFailure(error);
    }
  };
}

/** On the first device that takes the model; its reason tells why the better ones do not. */
async function load<Step, Result>(
  setup: ThreadSetup,
  createRunner: CreateRunner<Step, Result>,
): Promise<Loaded<Step, Result>> {
  const { runtime, reason } = await openRuntime(setup.runtime);
  const failures: string[] = [];
  const candidates = candidateDevices(setup.device, setup.precision, runtime);
  for (const device of candidates) {
    try {
      const open = () => openOn(device, { runtime, setup, createRunner });
      const { runner, placement } = await takeTurn(setup.turns, device.provider, open);
      const info: SessionInfo = {
        runtime: runtime.name,
        runtimeReason: reason,
        version: runtime.version,
        provider: describeDevice(device),
        providerReason: [device.reason, ...failures].join('; '),
        threads: setup.threads,
        placement,
      };
      return { runner, device, info };
    } catch (error) {
      if (device === candidates.at(-1)) throw error;
      failures.push(`${describeDevice(device)}: ${conciseReason(error as Error)}`);
    }
  }
  throw new Error('Invariant broken: there is a last device.');
}

/** The graph, and all that its runner needs on the same device. */
async function openOn<Step, Result>(
  device: Device,
  { runtime, setup, createRunner }: Opening<Step, Result>,
): Promise<{ readonly runner: StepRunner<Step, Result>; readonly placement: string }> {
  const open = (graph: string | Uint8Array) => runtime.open(graph, { device, threads: setup.threads });
  const session = await open(setup.graph);
  try {
    const graph = { provider: device.provider, precision: setup.precision };
    return {
      runner: await createRunner(session, { runtime, open }),
      placement: describePlacement(session.placement, graph),
    };
  } catch (error) {
    await session.close().catch(() => {});
    throw error;
  }
}

interface Opening<Step, Result> {
  readonly runtime: Runtime;
  readonly setup: ThreadSetup;
  readonly createRunner: CreateRunner<Step, Result>;
}
