/** Puts the server together from its parts, listens, and drains at the end. */
import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import type { Config } from './config.js';
import { closeEngines, type Engine, type EngineEvents, startEngines } from './engine.js';
import { OctavoError } from './errors.js';
import { type Moderator, startModerator } from './moderator.js';
import { openScreening, type Screening } from './screening.js';
import { findValueModel } from './server/best-of.js';
import type { Replica, ReplicaHealth, ValueModel } from './server/dependencies.js';
import { reportFailures } from './server/engine-failures.js';
import { defaultLimits } from './server/limits.js';
import { chooseHosts, describeAddress, type ListeningAddress } from './server/listening-address.js';
import { openLog } from './server/log.js';
import { Metrics } from './server/metrics.js';
import { countRequests } from './server/open-requests.js';
import type { ReplicaGauges } from './server/replica-gauges.js';
import { reportSafety } from './server/safety-report.js';
import { createServer } from './server/server.js';

/** Milliseconds that running sequences have when the server is told to stop. */
export const drainMs = 25_000;

/** Milliseconds that readers have, once all is generated, to take what is left. */
const lastBytesMs = 1000;

export interface RunningServer extends ListeningAddress {
  readonly engines: readonly Engine[];
  /** Resolves, with why, when a device was lost that only another process may be given again. */
  readonly deviceLost: Promise<string>;
  /** Requests that are being answered. */
  readonly openRequests: () => number;
  /** Refuses new requests, lets running ones finish, then stops the engines. */
  close(): Promise<void>;
}

/** Resolves when the server listens. Throws `invalid_config` and what loading a model throws. */
export async function serve(config: Config): Promise<RunningServer> {
  const logger = openLog(config.logLevel);
  const metrics = new Metrics();
  metrics.collectProcessMetrics();
  const failures = reportFailures(logger);
  const observe = (model: string) => ({ ...metrics.observer(model), failed: failures.observer(model) });
  const { screening, engines, moderator, valueModel } = await startParts(config, { logger, metrics, observe });
  const all = moderator ? [...engines, moderator.engine] : engines;
  for (const engine of all) metrics.watchReplica(engine.model.id, gaugesOf(engine));
  for (const { model } of all) {
    for (const remark of model.remarks) logger.warn({ model: model.id }, remark);
  }
  // What no generation is answered without.
  const needed = config.moderate === 'off' ? engines : all;
  let draining = false;
  const app = createServer({
    models: engines.map(toReplica),
    safety: screening.safety,
    limits: { ...defaultLimits, bodyBytes: config.bodyLimit, requestTimeoutMs: config.requestTimeout * 1000 },
    unknownParams: config.unknownParams,
    apiKeys: config.apiKeys,
    allowedHosts: chooseHosts(config.host, config.allowedHosts),
    logPrompts: config.logPrompts,
    valueModel,
    contentFilterResults: config.contentFilterResults,
    timings: config.timings,
    logger,
    metrics,
    ready: (model) => {
      moderator?.engine.batcher.revive();
      return checkEngines(model === null ? needed : engines.filter((engine) => engine.model.id === model));
    },
    replicaHealth: () => needed.flatMap(healthOf),
    draining: () => draining,
  });
  const openRequests = countRequests(app.server);
  const close = async () => {
    draining = true;
    // What is not done by then ends with an error that says so, before the process is ended from outside.
    const patience = setTimeout(() => {
      logger.warn({ requests: openRequests() }, 'the time to drain is over: what is not finished ends with an error');
      for (const { batcher } of engines) batcher.cancelAll();
    }, drainMs);
    await Promise.all(engines.map(({ batcher }) => batcher.drain()));
    clearTimeout(patience);
    // Node waits for connections that have not asked anything yet, and for slow readers: not for ever.
    const cut = setTimeout(() => app.server.closeAllConnections(), lastBytesMs);
    await app.close();
    clearTimeout(cut);
    // The moderator last: what is being written is screened to its end.
    await closeEngines(all);
    screening.close();
  };
  try {
    await app.listen({ host: config.host, port: config.port, listenTextResolver: () => '' });
  } catch (error) {
    await close();
    const taken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
    const reason = taken ? 'the port is in use; choose another with --port' : (error as Error).message;
    const message = `Cannot listen on ${config.host}:${config.port}: ${reason}.`;
    throw new OctavoError('invalid_config', message, null, { cause: error });
  }
  const address = describeAddress(app.server.address() as AddressInfo);
  tellAddress(address, config, logger);
  return { ...address, engines, deviceLost: failures.deviceLost, openRequests, close };
}

/** One line, and another where strangers may come in. */
function tellAddress({ url, reach }: ListeningAddress, { host, apiKeys }: Config, logger: Logger): void {
  const everywhere = reach === 'all' ? `, on every address of this machine (${host})` : '';
  logger.info(`Server listening at ${url}${everywhere}`);
  if (reach === 'loopback' || apiKeys.length > 0) return;
  const who = 'everybody who reaches this address may use the server; set --api-keys or OCTAVO_API_KEYS';
  logger.warn({ host }, `no API keys: ${who}`);
}

interface Parts {
  readonly screening: Screening;
  readonly engines: readonly Engine[];
  readonly moderator: Moderator | null;
  readonly valueModel: ValueModel | null;
}

interface Watching {
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly observe: (model: string) => EngineEvents;
}

/** The small ones first: rules and policy are read, and refused, before a model takes its time. */
async function startParts(config: Config, { logger, metrics, observe }: Watching): Promise<Parts> {
  const moderator = await startModerator(config, observe);
  let screening: Screening | null = null;
  try {
    const screens = moderator ? [moderator.screen] : [];
    screening = openScreening(config, reportSafety(logger, metrics), screens);
    const engines = await startEngines(config, observe, moderator ? [moderator.engine.model.id] : []);
    return { screening, moderator, engines, valueModel: await chooseValueModel(config, engines, moderator) };
  } catch (error) {
    screening?.close();
    await moderator?.engine.close();
    throw error;
  }
}

/** Probes ask every few seconds: often enough to try again with an engine that could not be restarted. */
function checkEngines(engines: readonly Engine[]): { readonly ready: boolean; readonly reason: string } {
  for (const { batcher } of engines) batcher.revive();
  const broken = engines.find(({ batcher }) => !batcher.healthy);
  if (broken === undefined) return { ready: true, reason: 'ready' };
  return { ready: false, reason: `the engine of the model '${broken.model.id}' is being restarted` };
}

/** The moderator may be it too. Throws `invalid_config`, and closes the engines then. */
async function chooseValueModel(
  { rankBy }: Config,
  engines: readonly Engine[],
  moderator: Moderator | null,
): Promise<ValueModel | null> {
  if (rankBy === null) return null;
  const all = moderator ? [...engines, moderator.engine] : engines;
  try {
    return findValueModel(all.map(toReplica), rankBy);
  } catch (error) {
    await closeEngines(engines);
    throw error;
  }
}

function gaugesOf(engine: Engine): ReplicaGauges {
  const { batcher } = engine;
  const gauges = { running: () => batcher.running, waiting: () => batcher.waiting };
  if (engine.kind === 'encoder') return gauges;
  const { devices } = engine.model.runtime;
  return { ...gauges, kvUsage: () => engine.batcher.kvUsage, replicas: engine.batcher.replicas, devices };
}

function healthOf(engine: Engine): readonly ReplicaHealth[] {
  const replicas = engine.kind === 'decoder' ? engine.batcher.replicas : [engine.batcher];
  const { id, runtime } = engine.model;
  return replicas.map(({ healthy }, replica) => {
    return { model: id, replica, device: runtime.devices[replica] ?? runtime.provider, ready: healthy };
  });
}

function toReplica(engine: Engine): Replica {
  return engine.kind === 'decoder'
    ? { kind: engine.kind, model: engine.model, generator: engine.batcher }
    : { kind: engine.kind, model: engine.model, encoder: engine.batcher };
}
