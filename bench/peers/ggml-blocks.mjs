/** The 8- and 4-bit blocks of ggml (ggml-quants.c: `quantize_row_q8_0_ref`, `quantize_row_q4_0_ref`): 32 values, one scale. */

const size = 32;

/** `type`: ggml's number; `bytes` of a block; `quantise` turns a multiple of 32 values into blocks. */
export const blockTypes = {
  Q8_0: { type: 8, bytes: 34, quantise: (values) => inBlocks(values, 34, quantiseQ8) },
  Q4_0: { type: 2, bytes: 18, quantise: (values) => inBlocks(values, 18, quantiseQ4) },
};

function inBlocks(values, bytes, quantise) {
  const blocks = Buffer.alloc((values.length / size) * bytes);
  for (let start = 0, at = 0; start < values.length; start += size, at += bytes)
    quantise(values, start, { blocks, at });
  return blocks;
}

function quantiseQ8(values, start, { blocks, at }) {
  let largest = 0;
  for (let i = start; i < start + size; i++) largest = Math.max(largest, Math.abs(values[i]));
  const scale = largest / 127;
  const inverse = scale === 0 ? 0 : 1 / scale;
  blocks.writeUInt16LE(toFloat16(scale), at);
  for (let i = 0; i < size; i++) blocks[at + 2 + i] = Math.round(values[start + i] * inverse);
}

/** The value that is largest in size becomes -8, so that all sixteen codes are used. */
function quantiseQ4(values, start, { blocks, at }) {
  let extreme = 0;
  for (let i = start; i < start + size; i++) if (Math.abs(values[i]) > Math.abs(extreme)) extreme = values[i];
  const scale = extreme / -8;
  const inverse = scale === 0 ? 0 : 1 / scale;
  const code = (value) => Math.min(15, Math.floor(value * inverse + 8.5));
  blocks.writeUInt16LE(toFloat16(scale), at);
  for (let i = 0; i < size / 2; i++) {
    blocks[at + 2 + i] = code(values[start + i]) | (code(values[start + size / 2 + i]) << 4);
  }
}

const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

/** Rounds to nearest; too small becomes zero, too large infinite. The scales of weights are neither. */
export function toFloat16(value) {
  float[0] = value;
  const sign = (bits[0] >>> 16) & 0x8000;
  const exponent = ((bits[0] >>> 23) & 0xff) - 112;
  if (exponent <= 0) return sign | Math.round(Math.abs(value) * 2 ** 24);
  if (exponent >= 31) return sign | 0x7c00;
  return (sign | (exponent << 10) | ((bits[0] >>> 13) & 0x3ff)) + ((bits[0] >>> 12) & 1);
}
