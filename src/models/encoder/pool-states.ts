/** From the states of a text's tokens to one vector, as sentence-transformers does it, where the graph leaves that open. */
import type { Pooling } from '../build/graph/pooling.js';

export interface StatePooling {
  readonly kind: Pooling;
  /** Vectors of length 1. */
  readonly normalise: boolean;
}

/** `states`: float32 [length, width] of one text, padding after its `tokens`. `vector`, [width], takes the result. */
export function poolStates(
  states: Float32Array,
  {
    tokens,
    pooling,
    vector,
  }: { readonly tokens: number; readonly pooling: StatePooling; readonly vector: Float32Array },
): void {
  const width = vector.length;
  for (let channel = 0; channel < width; channel++)
    vector[channel] = poolChannel(states, { channel, width, tokens, kind: pooling.kind });
  if (!pooling.normalise) return;
  let squares = 0;
  for (let channel = 0; channel < width; channel++) squares += vector[channel]! ** 2;
  // A vector of zeros stays one.
  const norm = Math.sqrt(squares) || 1;
  for (let channel = 0; channel < width; channel++) vector[channel]! /= norm;
}

interface Channel {
  readonly channel: number;
  readonly width: number;
  readonly tokens: number;
  readonly kind: Pooling;
}

function poolChannel(states: Float32Array, { channel, width, tokens, kind }: Channel): number {
  if (kind === 'cls') return states[channel]!;
  if (kind === 'last') return states[(tokens - 1) * width + channel]!;
  let [sum, largest] = [0, Number.NEGATIVE_INFINITY];
  for (let token = 0; token < tokens; token++) {
    const value = states[token * width + channel]!;
    sum += value;
    largest = Math.max(largest, value);
  }
  if (kind === 'max') return largest;
  return sum / (kind === 'mean' ? tokens : Math.sqrt(tokens));
}
