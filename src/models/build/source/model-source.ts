/** Everything a model folder is built from. */
import type { JsonObject } from '../json.js';
import type { Weights } from '../weights/weights.js';
import type { SentenceModules } from './sentence-modules.js';

export interface ModelSource {
  /** config.json */
  readonly config: JsonObject;
  /** generation_config.json */
  readonly generation: JsonObject;
  /** How the states of tokens become the vector of a text; null: the checkpoint does not say. */
  readonly modules: SentenceModules | null;
  /** Files that go into the folder as they are: tokenizer, chat template, model card. By name. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** The owner of the source closes them. */
  readonly weights: Weights;
}

export function jsonBytes(value: unknown): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`);
}
