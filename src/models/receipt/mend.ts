/** Chooses the layers of an INT8 build that stay FP32, so that it loses no more than allowed: as few as needed. */
import type { Sensitivity } from './sensitivity.js';

/** Of the quantised weights, at most this share stays FP32: more would no longer be an INT8 model. */
export const maxKeptShare = 0.15;

/** The aim lies below what is allowed, because the estimate is one: what counts is measured afterwards. */
const aim = 0.9;

export interface Loss {
  /** As measured, and what is allowed: shares. */
  readonly loss: number;
  readonly allowed: number;
  /** Of the layers that are still INT8. */
  readonly layers: readonly Sensitivity[];
  /** Share of the weights that may still be kept. */
  readonly room: number;
}

/**
 * The layers that cost most for their weights, as far as they fit into the room, until the loss of the rest should be
 * small enough; at least one where one fits. Errors of different layers are nearly independent, so their divergences add
 * up to the whole: without a layer the loss shrinks by its part of the sum.
 */
export function chooseLayers({ loss, allowed, layers, room }: Loss): readonly Sensitivity[] {
  const total = layers.reduce((sum, { divergence }) => sum + divergence, 0);
  const chosen: Sensitivity[] = [];
  let [left, space] = [total, room];
  for (const layer of layers.toSorted((a, b) => b.divergence / b.share - a.divergence / a.share)) {
    if (chosen.length > 0 && loss * left <= aim * allowed * total) break;
    if (layer.share > space) continue;
    chosen.push(layer);
    left -= layer.divergence;
    space -= layer.share;
  }
  return chosen;
}
