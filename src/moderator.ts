/** The classifier of the safety filter: a model folder in an engine of its own, and the screen that asks it. */
import { fileURLToPath } from 'node:url';
import type { Config } from './config.js';
import { type EncodingEngine, type EngineEvents, startClassifier } from './engine.js';
import { ClassifierScreen } from './safety/classifier-screen.js';
import { readLabelMap } from './safety/label-map.js';
import type { Screen } from './safety/screen.js';
import { classifyBy } from './server/encoder-classifier.js';

/** The classifier that comes with the package. */
export const embeddedModerator = fileURLToPath(new URL('../models/moderator', import.meta.url));

/**
 * Not the limits of the models that answer: what cannot wait here is blocked. Requests are bounded before, and each waits
 * with so many windows at a time.
 */
const limits = { context: 4096, queue: 65_536, queueTokens: 1 << 23 } as const;

export interface Moderator {
  readonly engine: EncodingEngine;
  readonly screen: Screen;
}

/** `null`: there is none. Throws `invalid_model` for a model that is no classifier, or whose labels are not known. */
export async function startModerator(
  config: Config,
  eventsOf: (model: string) => EngineEvents,
): Promise<Moderator | null> {
  if (config.moderator === 'off') return null;
  const folder = config.moderator === 'default' ? embeddedModerator : config.moderator;
  const settings = { ...config, ...limits, threads: config.moderatorThreads };
  const { engine, labels, moderation } = await startClassifier(folder, settings, eventsOf);
  try {
    const { model, batcher } = engine;
    const map = readLabelMap(moderation, { id: model.id, labels });
    const classify = classifyBy({ kind: 'encoder', model, encoder: batcher }, map);
    const { thresholds } = map;
    return { engine, screen: new ClassifierScreen({ name: model.id, classify, thresholds, action: config.moderate }) };
  } catch (error) {
    await engine.close();
    throw error;
  }
}
