/** What every part of a graph needs to be drawn. */
import type { Precision } from '../../manifest.js';
import type { WeightLimit } from '../weights/quantise.js';
import type { Weights } from '../weights/weights.js';
import type { CacheRanges } from './cache-scales.js';
import type { Factors, FactorTable } from './factors.js';
import type { GraphBuilder } from './graph-builder.js';

export interface GraphContext {
  readonly builder: GraphBuilder;
  readonly weights: Weights;
  readonly precision: Precision;
  readonly weightLimit: WeightLimit;
  /** The scales of blocks will be float16: weights are divided by what is stored. */
  readonly halfScales?: boolean;
  /** Whole texts are computed at once: passes over activations count, nodes do not. Left out: one row counts as well. */
  readonly wholeTexts?: boolean;
  /** Linear layers in another precision than the rest, by the path of the activation they read. */
  readonly exceptions?: ReadonlyMap<string, Precision>;
  /** What calibration moved between weights. */
  readonly factors?: FactorTable | undefined;
  /** What the KV cache holds in this model: it is int8 then, else as the activations. */
  readonly cacheRanges?: CacheRanges | undefined;
}

/** The precision of the linear layers that read the activation at `path`. */
export function precisionAt({ precision, exceptions }: GraphContext, path: string): Precision {
  return exceptions?.get(path) ?? precision;
}

/** Weights that have a name, with the factors that the build has for them. */
export function withFactors<T extends { readonly name: string }>(
  { factors }: GraphContext,
  weights: T,
): T & { readonly factors?: Factors | undefined } {
  const found = factors?.get(weights.name);
  return found === undefined ? weights : { ...weights, factors: found };
}
