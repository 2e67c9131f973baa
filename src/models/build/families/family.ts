/** A family of architectures: how its config.json is read, and how its graph is drawn. */
import type { Manifest } from '../../manifest.js';
import type { GraphContext } from '../graph/graph-context.js';
import type { JsonObject } from '../json.js';
import type { SentenceModules } from '../source/sentence-modules.js';

/** What an encoder gives for a text; it stands in the manifest as it is. */
export type EncoderOutput =
  | { readonly task: 'embed'; readonly dimensions: number }
  | { readonly task: 'classify'; readonly labels: readonly string[]; readonly scores: 'softmax' | 'sigmoid' }
  | { readonly task: 'tag'; readonly labels: readonly string[] };

export interface ModelPlan {
  readonly shape: Manifest['shape'];
  /** Absent: the model generates text. */
  readonly output?: EncoderOutput;
  /** Draws the graph into the context's builder, and tells its weights which tensors are needed. */
  draw(context: GraphContext): void;
  /** Of an encoder-decoder, whose prompts a graph of their own reads. */
  readonly encoder?: EncoderPlan;
}

export interface EncoderPlan {
  /** The token before the first of every output. */
  readonly startToken: number;
  draw(context: GraphContext): void;
}

export interface Family {
  /** `model_type` of config.json. */
  readonly modelType: string;
  /**
   * Checks a config.json; `modules`: how its states become a vector, where the checkpoint says so. Throws `invalid_model`
   * for numbers out of range, `unsupported_model` for what is not built yet.
   */
  plan(config: JsonObject, modules?: SentenceModules | null): ModelPlan;
}
