/** One model ready to generate: loaded, with a batcher in front of its worker thread. */
import { performance } from 'node:perf_hooks';
import { Batcher } from './batcher/batcher.js';
import type { BatcherEvents } from './batcher/events.js';
import { defaultLimits } from './batcher/scheduler.js';
import type { Config } from './config.js';
import { loadModel } from './models/load-model.js';
import type { ServedModel } from './models/served-model.js';

export interface Engine {
  readonly model: ServedModel;
  readonly batcher: Batcher;
  /** Waits for running sequences, then ends the worker thread. */
  close(): Promise<void>;
}

export type EngineSettings = Pick<
  Config,
  'model' | 'name' | 'rows' | 'context' | 'runtime' | 'provider' | 'threads' | 'queue' | 'queueTokens' | 'chunkTokens'
>;

/** Throws what loading throws: `invalid_model`, `unsupported_model`, `runtime_unavailable`. */
export async function startEngine(settings: EngineSettings, events: BatcherEvents): Promise<Engine> {
  const { model, engine, close } = await loadModel({ ...settings, folder: settings.model });
  const batcher = new Batcher({
    engine,
    detokenizer: () => model.tokenizer.stream(),
    scheduler: { ...defaultLimits, chunkTokens: settings.chunkTokens },
    queue: { sequences: settings.queue, promptTokens: settings.queueTokens },
    clock: () => performance.now(),
    events,
  });
  return {
    model,
    batcher,
    close: async () => {
      await batcher.drain();
      await close();
    },
  };
}
