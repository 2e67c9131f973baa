/** Symmetric quantisation of weights in blocks of 32 columns, each with a scale of its own: w = (q - zero point) * scale. */
import { nearestHalf } from './float-format.js';

/** Bits of a weight. */
export type BlockBits = 8 | 4;

/** Columns that share a scale. */
export const blockColumns = 32;

export interface QuantisedBlocks {
  /** [rows, blocks, blockColumns * bits / 8]: unsigned, zero point 2^(bits - 1), of two in a byte the first in the low half. */
  readonly values: Uint8Array;
  /** [rows, blocks] */
  readonly scales: Float32Array;
}

/** Blocks of a row; the last one is filled up with zeros. */
export function blocksOf(columns: number): number {
  return Math.ceil(columns / blockColumns);
}

export function blockBytes(bits: BlockBits): number {
  return (blockColumns * bits) / 8;
}

/** How weights are quantised. */
export interface BlockForm {
  readonly bits: BlockBits;
  /** Scales are values that float16 has, too. */
  readonly halfScales?: boolean;
}

/** Quantises `block`, [rows, columns]. A block of zeros gets scale 1. */
export function quantiseBlocks(
  block: Float32Array,
  columns: number,
  { bits, halfScales = false }: BlockForm,
): QuantisedBlocks {
  const count = blocksOf(columns);
  const rows = block.length / columns;
  const values = new Uint8Array(rows * count * blockBytes(bits));
  const scales = new Float32Array(rows * count);
  const weights = new Float32Array(blockColumns);
  for (let index = 0; index < scales.length; index++) {
    const begin = Math.floor(index / count) * columns;
    const first = (index % count) * blockColumns;
    weights.fill(0).set(block.subarray(begin + first, begin + Math.min(first + blockColumns, columns)));
    const scale = bits === 8 ? largestScale(weights) : leastErrorScale(weights);
    // The stored scale is what the graph multiplies with, so it is also what the weights are divided by. It is 0 for
    // a block of zeros, and for numbers so small that the format cannot hold their scale.
    scales[index] = halfScales ? nearestHalf(scale) : scale;
    if (scales[index] === 0) scales[index] = 1;
    pack(weights, scales[index]!, { bits, target: values, start: index * blockBytes(bits) });
  }
  return { values, scales };
}

/** Eight bits, -127 … 127: the largest weight is kept. */
function largestScale(weights: Float32Array): number {
  return Math.abs(largest(weights)) / 127;
}

/**
 * What the largest weight becomes, in steps, on the side that has one step more: with few steps a scale that cuts the
 * largest, or leaves it room, often errs less over the block.
 */
const reaches = [6.8, 7.1, 7.4, 7.7, 8, 8.3, 8.6, 9];

/** Four bits, -8 … 7: of some scales, each moved to its least squares, the one whose weights are nearest. */
function leastErrorScale(weights: Float32Array): number {
  const peak = largest(weights);
  let best = 0;
  let most = 0;
  for (const reach of reaches) {
    const inverse = -reach / peak;
    let [product, square] = [0, 0];
    for (let i = 0; i < blockColumns; i++) {
      const level = toLevel(weights[i]! * inverse, 4);
      product += weights[i]! * level;
      square += level * level;
    }
    // The squared error at the best scale, product / square, is that of all zeros less this.
    const gain = (product * product) / square;
    if (gain > most) {
      most = gain;
      best = product / square;
    }
  }
  return best;
}

/** The weight that is farthest from zero, with its sign. */
function largest(weights: Float32Array): number {
  let peak = 0;
  for (let i = 0; i < blockColumns; i++) if (Math.abs(weights[i]!) > Math.abs(peak)) peak = weights[i]!;
  return peak;
}

function toLevel(value: number, bits: BlockBits): number {
  const reach = 2 ** (bits - 1);
  return Math.max(-reach, Math.min(reach - 1, Math.round(value)));
}

function pack(
  weights: Float32Array,
  scale: number,
  place: { readonly bits: BlockBits; readonly target: Uint8Array; readonly start: number },
): void {
  const { bits, target, start } = place;
  const zero = 2 ** (bits - 1);
  for (let i = 0; i < blockColumns; i++) {
    const level = toLevel(weights[i]! / scale, bits) + zero;
    if (bits === 8) target[start + i] = level;
    else target[start + (i >> 1)]! |= level << (4 * (i & 1));
  }
}
