/** The worker thread of one decoder replica: a Piscina worker whose tasks are engine steps. */
import { threadId } from 'node:worker_threads';
import { workerData } from 'piscina';
import { OctavoError } from '../../errors.js';
import { chooseProvider, openRuntime } from '../runtime/open-runtime.js';
import type { RuntimeInfo } from '../served-model.js';
import { Decoder } from './decoder.js';
import type { WorkerReply, WorkerRequest, WorkerSetup } from './worker-protocol.js';

interface Loaded {
  readonly decoder: Decoder;
  readonly info: RuntimeInfo;
}

// Loading starts with the thread; a failure is told to whoever asks, and the next hello tries again.
let loading = startLoading();

export default async function handle(request: WorkerRequest): Promise<WorkerReply> {
  try {
    const { decoder, info } = await loading;
    switch (request.kind) {
      case 'hello':
        return { kind: 'hello', incarnation: threadId, info };
      case 'step':
        if (request.incarnation !== threadId) throw new OctavoError('engine_failed', 'The engine was restarted.');
        return { kind: 'result', result: await decoder.step(request.step) };
      case 'close':
        await decoder.close();
        return { kind: 'closed' };
    }
  } catch (error) {
    await loading.catch(() => {
      loading = startLoading();
    });
    const code = error instanceof OctavoError ? error.code : 'internal_error';
    return { kind: 'error', code, message: (error as Error).message };
  }
}

function startLoading(): Promise<Loaded> {
  const started = load(workerData as WorkerSetup);
  started.catch(() => {});
  return started;
}

async function load(setup: WorkerSetup): Promise<Loaded> {
  const { runtime, reason } = await openRuntime(setup.runtime);
  const { provider, reason: providerReason } = chooseProvider(setup.provider, runtime);
  const session = await runtime.open(setup.graph, { provider, threads: setup.threads });
  const info: RuntimeInfo = {
    runtime: runtime.name,
    runtimeReason: reason,
    version: runtime.version,
    provider,
    providerReason,
    threads: setup.threads,
    rows: setup.shape.rows,
  };
  return { decoder: new Decoder(session, setup.shape), info };
}
