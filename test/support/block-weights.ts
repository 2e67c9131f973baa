/** Weights in blocks, read back by their definition. */
import { type BlockBits, blocksOf, type QuantisedBlocks } from '#octavo/models/build/weights/quantise-blocks.js';

/** [rows, columns] */
export function dequantiseBlocks({ values, scales }: QuantisedBlocks, columns: number, bits: BlockBits): Float32Array {
  const blocks = blocksOf(columns);
  const rows = scales.length / blocks;
  return Float32Array.from({ length: rows * columns }, (_, index) => {
    const [row, column] = [Math.floor(index / columns), index % columns];
    const place = row * blocks * 32 + column;
    const level = bits === 8 ? values[place]! : (values[place >> 1]! >> (4 * (place & 1))) & 15;
    return (level - 2 ** (bits - 1)) * scales[row * blocks + (column >> 5)]!;
  });
}
