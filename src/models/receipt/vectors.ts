/** Vectors of the same texts by two models: how near they are, and whether they have the same neighbours. */
import type { ValuesPair } from './comparison-protocol.js';
import type { Quality } from './gauge.js';
import { percent } from './percent.js';
import type { FiguresOf, ReadText } from './receipt.js';

/** Neighbours of a text that are compared, at most. */
const mostNearest = 10;
/** Texts among which neighbours are looked for, at most: each is compared with each. */
const mostTexts = 1000;

/**
 * The loss is the mean of how far a text's vector moves, as a share of how far different texts lie apart: both by the
 * square of the distance, which is 2 - 2 cosine. A cosine alone would say little: there are models whose vectors all lie
 * within 0.9 of each other. At least two texts.
 */
export function vectorQuality(text: ReadText, pairs: readonly ValuesPair[]): Quality {
  const [reference, model] = [pairs.map((pair) => unit(pair.reference)), pairs.map((pair) => unit(pair.model))];
  const cosines = reference.map((vector, index) => dot(vector, model[index]!)).sort((a, b) => a - b);
  const cosine: FiguresOf<'embed'>['cosine'] = {
    mean: mean(cosines),
    percentile: cosines[Math.floor(0.01 * cosines.length)]!,
    lowest: cosines[0]!,
    others: meanBetween(reference),
  };
  const loss = (1 - cosine.mean) / Math.max(1 - cosine.others, 1e-9);
  const told = `moves vectors by ${percent(loss)} of what lies between different texts (mean cosine ${cosine.mean.toFixed(5)}, ${pairs.length} texts)`;
  return { figures: { task: 'embed', text, cosine, neighbours: compareNeighbours(reference, model) }, loss, told };
}

/** 1 - cosine, mean. */
export function vectorDistance(pairs: readonly ValuesPair[]): number {
  return mean(pairs.map(({ reference, model }) => 1 - dot(unit(reference), unit(model))));
}

/** At most a quarter of the others are taken for near, so that chance gives few. */
function compareNeighbours(reference: readonly Float64Array[], model: readonly Float64Array[]) {
  const among = Math.min(mostTexts, reference.length);
  const nearest = Math.min(mostNearest, Math.ceil((among - 1) / 4));
  const [here, there] = [reference.slice(0, among), model.slice(0, among)];
  let shared = 0;
  for (let index = 0; index < among; index++) {
    const found = new Set(neighbours(there, index, nearest));
    shared += neighbours(here, index, nearest).filter((neighbour) => found.has(neighbour)).length;
  }
  return { nearest, overlap: shared / (among * nearest) };
}

/** The nearest first; of equally near ones the first. */
function neighbours(vectors: readonly Float64Array[], index: number, count: number): number[] {
  const others = vectors.map((vector, other) => ({ other, cosine: dot(vectors[index]!, vector) }));
  others.splice(index, 1);
  others.sort((a, b) => b.cosine - a.cosine || a.other - b.other);
  return others.slice(0, count).map(({ other }) => other);
}

/** Mean cosine of all pairs: the sum of all products is the square of the sum's length. */
function meanBetween(vectors: readonly Float64Array[]): number {
  const sum = new Float64Array(vectors[0]!.length);
  let own = 0;
  for (const vector of vectors) {
    own += dot(vector, vector);
    for (let i = 0; i < sum.length; i++) sum[i]! += vector[i]!;
  }
  return (dot(sum, sum) - own) / (vectors.length * (vectors.length - 1));
}

/** Of length 1; zeros stay zeros. */
function unit(values: Float32Array): Float64Array {
  const vector = Float64Array.from(values);
  const length = Math.sqrt(dot(vector, vector));
  return length === 0 ? vector : vector.map((value) => value / length);
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
