/** The classifier of the safety filter: a model folder in an engine of its own, and the screen that asks it. */
import type { Config } from './config.js';
import { type EncodingEngine, type EngineEvents, startClassifier } from './engine.js';
import { ClassifierScreen } from './safety/classifier-screen.js';
import { readLabelMap } from './safety/label-map.js';
import type { Screen } from './safety/screen.js';
import { classifyBy } from './server/encoder-classifier.js';

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
  const settings = { ...config, threads: config.moderatorThreads };
  const { engine, labels, moderation } = await startClassifier(config.moderator, settings, eventsOf);
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
