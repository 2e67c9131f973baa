/** A family of architectures: how its config.json is read, and how its graph is drawn. */
import type { Manifest } from '../../manifest.js';
import type { GraphContext } from '../graph/graph-context.js';
import type { JsonObject } from '../json.js';

export interface ModelPlan {
  readonly shape: Manifest['shape'];
  /** Draws the graph into the context's builder, and tells its weights which tensors are needed. */
  draw(context: GraphContext): void;
}

export interface Family {
  /** `model_type` of config.json. */
  readonly modelType: string;
  /** Checks a config.json. Throws `invalid_model` for numbers out of range, `unsupported_model` for what is not built yet. */
  plan(config: JsonObject): ModelPlan;
}
