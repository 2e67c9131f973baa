/** The classifier or guard of the safety filter: a model folder in an engine of its own, and the screen that asks it. */
import { fileURLToPath } from 'node:url';
import type { Config } from './config.js';
import { type DecodingEngine, type EncodingEngine, type Engine, type EngineEvents, startModerating } from './engine.js';
import { OctavoError } from './errors.js';
import { ClassifierScreen, type ClassifierSettings } from './safety/classifier-screen.js';
import { chooseGuard } from './safety/guards/choose-guard.js';
import { readLabelMap } from './safety/label-map.js';
import type { Screen } from './safety/screen.js';
import { classifyBy } from './server/encoder-classifier.js';
import { classifyByGuard, guardWindows } from './server/guard-classifier.js';
import { findFrame, framedSample } from './server/guard-prompt.js';

/** The classifier that comes with the package. */
export const embeddedModerator = fileURLToPath(new URL('../models/moderator', import.meta.url));

/**
 * Not the limits of the models that answer: what cannot wait here is blocked. Requests are bounded before, and each waits
 * with so many windows at a time.
 */
const limits = { context: 4096, queue: 65_536, queueTokens: 1 << 23, replicas: 1 } as const;

export interface Moderator {
  readonly engine: Engine;
  readonly screen: Screen;
}

/** How a model's scores are had, and what they mean. */
type Scoring = Pick<ClassifierSettings, 'classify' | 'thresholds' | 'windows'>;

/** `null`: there is none. Throws `invalid_model` for a model that neither classifies nor is a guard that is known. */
export async function startModerator(
  config: Config,
  eventsOf: (model: string) => EngineEvents,
): Promise<Moderator | null> {
  if (config.moderator === 'off') {
    if (config.moderate === 'off') return null;
    const message = `--moderate ${config.moderate} needs a model that moderates, but --moderator is off.`;
    throw new OctavoError('invalid_config', message);
  }
  const folder = config.moderator === 'default' ? embeddedModerator : config.moderator;
  // WebGPU has no attention for the embedded one, and would gain nothing: it is small.
  const device: Config['device'] = config.moderator === 'default' ? ['cpu'] : config.device.slice(0, 1);
  // A guard's KV cache comes beside those of the models that answer.
  const settings = {
    ...{ ...config, ...limits, device, threads: config.moderatorThreads },
    kvMemory: config.kvMemory / 2,
  };
  const { engine, moderation } = await startModerating(folder, settings, eventsOf);
  try {
    const scoring = engine.kind === 'encoder' ? byLabels(engine, moderation) : await byReplies(engine, moderation);
    return { engine, screen: new ClassifierScreen({ name: engine.model.id, ...scoring, action: config.moderate }) };
  } catch (error) {
    await engine.close();
    throw error;
  }
}

/** A model that classifies. */
function byLabels({ kind, model, batcher }: EncodingEngine, moderation: object | null): Scoring {
  if (model.head.task !== 'classify') {
    const message = `The model ${model.id} does not classify texts, so it cannot moderate them.`;
    throw new OctavoError('invalid_config', message);
  }
  const map = readLabelMap(moderation, { id: model.id, labels: model.head.labels });
  return { classify: classifyBy({ kind, model, encoder: batcher }, map), thresholds: map.thresholds };
}

/** A model that generates: a guard, whose replies are read. */
async function byReplies({ kind, model, batcher }: DecodingEngine, moderation: object | null): Promise<Scoring> {
  const { id } = model;
  const frame = findFrame(model.chatTemplate);
  const format = chooseGuard({ id, moderation, framed: framedSample(frame) });
  if (frame === null && format.ask('', 'prompt').some((question) => 'turns' in question)) {
    const message = `The model ${id} cannot moderate: ${format.name} needs a chat template that shows it a message.`;
    throw new OctavoError('invalid_model', message);
  }
  const { labels } = format;
  const map = readLabelMap(moderation, { id, labels: Object.keys(labels), meanings: labels });
  const setup = { replica: { kind, model, generator: batcher }, format, frame };
  return {
    classify: classifyByGuard(setup, map),
    thresholds: map.thresholds,
    windows: await guardWindows(setup),
  };
}
