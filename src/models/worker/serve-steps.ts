/** What every model's worker thread does: load the graph, run steps, tell failures. */
import { threadId } from 'node:worker_threads';
import type { ProviderName } from '../../device-name.js';
import { OctavoError } from '../../errors.js';
import { candidatePlaces, conciseReason, describePlace, type Place } from '../runtime/device.js';
import { openRuntime } from '../runtime/open-runtime.js';
import { describePlacement } from '../runtime/placement.js';
import type { Device, Runtime, Session, SessionOptions } from '../runtime/runtime.js';
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

/** What opens graphs, where the model is. */
export interface GraphOpener {
  readonly runtime: Runtime;
  readonly devices: readonly [Device, ...Device[]];
  /** Opens a file, or the bytes of a graph: on the first device unless another is named. Throws what opening a session throws. */
  open(graph: string | Uint8Array, options?: Partial<SessionOptions>): Promise<Session>;
  /** Says something of how the model runs there, where its placement is told. */
  remark(text: string): void;
}

/** Opens the model's graph, and makes what runs its steps. */
export type CreateRunner<Step, Result> = (opener: GraphOpener) => Promise<StepRunner<Step, Result>>;

interface Loaded<Step, Result> {
  readonly runner: StepRunner<Step, Result>;
  readonly place: Place;
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
      const { runner, place, info } = await loading;
      const inTurn = <T>(use: () => Promise<T>) => takeTurn(setup.turns, providersOf(place), use);
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

/** In the first place that takes the model; its reason tells why the better ones do not. */
async function load<Step, Result>(
  setup: ThreadSetup,
  createRunner: CreateRunner<Step, Result>,
): Promise<Loaded<Step, Result>> {
  const { runtime, reason } = await openRuntime(setup.runtime);
  const failures: string[] = [];
  const places = candidatePlaces(setup.device, setup.precision, runtime);
  for (const place of places) {
    try {
      const open = () => openAt(place, { runtime, setup, createRunner });
      const { runner, placement } = await takeTurn(setup.turns, providersOf(place), open);
      const info: SessionInfo = {
        runtime: runtime.name,
        runtimeReason: reason,
        version: runtime.version,
        provider: describePlace(place),
        providerReason: [place.reason, ...failures].join('; '),
        threads: setup.threads,
        placement,
      };
      return { runner, place, info };
    } catch (error) {
      if (place === places.at(-1)) throw error;
      failures.push(`${describePlace(place)}: ${conciseReason(error as Error)}`);
    }
  }
  throw new Error('Invariant broken: there is a last place.');
}

/** The graph, and all that its runner needs on the same devices: all of it, or nothing stays open. */
async function openAt<Step, Result>(
  { devices }: Place,
  { runtime, setup, createRunner }: Opening<Step, Result>,
): Promise<{ readonly runner: StepRunner<Step, Result>; readonly placement: string }> {
  const sessions: Session[] = [];
  const placements: string[] = [];
  const remarks: string[] = [];
  const threads = Math.max(1, Math.floor(setup.threads / devices.length));
  const open: GraphOpener['open'] = async (graph, options) => {
    // Bytes without a folder are a graph of ours beside the model's, which copies or weighs.
    const own = typeof graph === 'string' || options?.folder !== undefined;
    const profile = own && setup.profile !== undefined ? `${setup.profile}-${sessions.length}` : undefined;
    const session = await runtime.open(graph, { device: devices[0], threads, profile, ...options });
    sessions.push(session);
    const isModel = devices.length === 1 ? sessions.length === 1 : options?.folder !== undefined;
    const { provider } = options?.device ?? devices[0];
    if (isModel) placements.push(describePlacement(session.placement, { provider, precision: setup.precision }));
    return session;
  };
  try {
    const runner = await createRunner({ runtime, devices, open, remark: (text) => remarks.push(text) });
    const placement = [placements.join(' + '), ...remarks].filter((text) => text !== '').join('; ');
    return { runner, placement };
  } catch (error) {
    for (const session of sessions) await session.close().catch(() => {});
    throw error;
  }
}

function providersOf({ devices }: Place): readonly ProviderName[] {
  return devices.map(({ provider }) => provider);
}

interface Opening<Step, Result> {
  readonly runtime: Runtime;
  readonly setup: ThreadSetup;
  readonly createRunner: CreateRunner<Step, Result>;
}
