/** What whoever builds, looks at or serves a model of random weights is told. */
import type { Manifest } from './manifest.js';

export function describeRandom({ shape, seed }: NonNullable<Manifest['random']>): string {
  return `Random weights (shape ${shape}, seed ${seed}): the model has learnt nothing and gives noise, for measuring speed alone.`;
}
