/** Models ready to serve: each loaded, with a batcher in front of its worker thread. */
import { performance } from 'node:perf_hooks';
import { Batcher } from './batcher/batcher.js';
import { EncodeBatcher } from './batcher/encode-batcher.js';
import { defaultBatchTokens } from './batcher/encode-scheduler.js';
import type { BatcherEvents, EncodeEvents } from './batcher/events.js';
import { Router } from './batcher/router.js';
import { defaultLimits } from './batcher/scheduler.js';
import type { QueueLimits } from './batcher/waiting-queue.js';
import type { Config } from './config.js';
import { OctavoError } from './errors.js';
import type { DecoderEngine } from './models/decoder/step.js';
import type { LoadedEncoder } from './models/load-encoder.js';
import { type LoadedDecoder, type LoadedModel, loadModel } from './models/load-model.js';
import type { ServedEncoder, ServedModel } from './models/served-model.js';

const clock = () => performance.now();

/** What every engine has, whatever its model does. */
interface EngineOf<Kind extends string, Model, Queue> {
  readonly kind: Kind;
  readonly model: Model;
  readonly batcher: Queue;
  /** Waits for what runs, then ends the worker thread. */
  close(): Promise<void>;
}

/** Generates text. */
export type DecodingEngine = EngineOf<'decoder', ServedModel, Router>;
/** Gives a row of numbers for a text. */
export type EncodingEngine = EngineOf<'encoder', ServedEncoder, EncodeBatcher>;
export type Engine = DecodingEngine | EncodingEngine;

export type EngineSettings = Pick<
  Config,
  | 'model'
  | 'name'
  | 'rows'
  | 'context'
  | 'runtime'
  | 'device'
  | 'ortLibrary'
  | 'threads'
  | 'queue'
  | 'queueTokens'
  | 'chunkTokens'
  | 'prefixCache'
  | 'speculate'
  | 'replicas'
  | 'kvMemory'
>;

/** What the engine of one model publishes of its steps. */
export type EngineEvents = BatcherEvents & EncodeEvents;

/**
 * One engine for each model folder, one after the other: loading takes the most memory. `taken`: ids of models that are
 * loaded already. Throws `invalid_config` for two models of one id, and what loading throws: `invalid_model`, `unsupported_model`, `runtime_unavailable`.
 */
export async function startEngines(
  settings: EngineSettings,
  eventsOf: (model: string) => EngineEvents,
  taken: readonly string[] = [],
): Promise<readonly Engine[]> {
  const engines: Engine[] = [];
  let memory = settings.kvMemory;
  try {
    for (const [index, folder] of settings.model.entries()) {
      // Equal shares of what is left: what one does not need is there for those that follow.
      const kvMemory = memory / (settings.model.length - index);
      const loaded = await loadModel({ ...settings, kvMemory, folder });
      memory -= loaded.kvMemory;
      const { id } = loaded.model;
      const twin = engines.some(({ model }) => model.id === id);
      engines.push(createEngine(loaded, settings, eventsOf(id)));
      if (twin)
        throw new OctavoError('invalid_config', `Two models have the id "${id}": build one under another name.`);
      if (taken.includes(id)) {
        const message = `The id "${id}" is that of the moderator: name this model with --name, or start without one (--moderator off).`;
        throw new OctavoError('invalid_config', message);
      }
    }
    return engines;
  } catch (error) {
    await closeEngines(engines);
    throw error;
  }
}

/** The engine of one model, and the folder's moderation.json (`null`: it has none). Throws what loading throws. */
export async function startModerating(
  folder: string,
  settings: EngineSettings,
  eventsOf: (model: string) => EngineEvents,
): Promise<{ engine: Engine; moderation: object | null }> {
  const loaded = await loadModel({ ...settings, folder, name: null });
  return { engine: createEngine(loaded, settings, eventsOf(loaded.model.id)), moderation: loaded.moderation };
}

export async function closeEngines(engines: readonly Engine[]): Promise<void> {
  await Promise.all(engines.map((engine) => engine.close()));
}

function createEngine(loaded: LoadedModel, settings: EngineSettings, events: EngineEvents): Engine {
  return loaded.kind === 'decoder'
    ? decodingEngine(loaded, settings, events)
    : encodingEngine(loaded, settings, events);
}

function decodingEngine(
  { kind, model, replicas, close }: LoadedDecoder,
  settings: EngineSettings,
  events: BatcherEvents,
): DecodingEngine {
  const createBatcher = (engine: DecoderEngine) =>
    new Batcher({
      engine,
      detokenizer: () => model.tokenizer.stream(),
      scheduler: { ...defaultLimits, chunkTokens: settings.chunkTokens },
      draftTokens: settings.speculate,
      queue: queueLimits(settings),
      clock,
      events,
    });
  const batcher = new Router(replicas.map(createBatcher));
  return { kind, model, batcher, close: () => drainAndClose(batcher, close) };
}

function encodingEngine(
  { kind, model, engine, close }: LoadedEncoder,
  settings: EngineSettings,
  events: EncodeEvents,
): EncodingEngine {
  const batch = { tokens: defaultBatchTokens, grouping: 'length' } as const;
  const batcher = new EncodeBatcher({ engine, batch, queue: queueLimits(settings), clock, events });
  return { kind, model, batcher, close: () => drainAndClose(batcher, close) };
}

async function drainAndClose(batcher: Pick<Engine['batcher'], 'drain'>, close: () => Promise<void>): Promise<void> {
  await batcher.drain();
  await close();
}

function queueLimits({ queue, queueTokens }: EngineSettings): QueueLimits {
  return { sequences: queue, promptTokens: queueTokens };
}
