/** The float formats that checkpoints use, widened to float32. All numbers are little-endian, as this machine's. */

export type FloatFormat = 'F32' | 'F16' | 'BF16';

export const floatBytes: Readonly<Record<FloatFormat, number>> = { F32: 4, F16: 2, BF16: 2 };

/** `bytes` must start at an address that is a multiple of the format's size. */
export function toFloat32(bytes: Uint8Array, format: FloatFormat): Float32Array {
  const count = bytes.byteLength / floatBytes[format];
  if (format === 'F32') return new Float32Array(bytes.buffer, bytes.byteOffset, count);
  const halves = new Uint16Array(bytes.buffer, bytes.byteOffset, count);
  return format === 'BF16' ? widenBfloat16(halves) : widenFloat16(halves);
}

/** A bfloat16 is the upper half of a float32. */
function widenBfloat16(halves: Uint16Array): Float32Array {
  const bits = new Uint32Array(halves.length);
  for (let i = 0; i < halves.length; i++) bits[i] = halves[i]! << 16;
  return new Float32Array(bits.buffer);
}

function widenFloat16(halves: Uint16Array): Float32Array {
  const table = float16Table();
  const values = new Float32Array(halves.length);
  for (let i = 0; i < halves.length; i++) values[i] = table[halves[i]!]!;
  return values;
}

let cachedTable: Float32Array | undefined;

/** The value of each of the 65,536 float16 bit patterns: a look-up is several times faster than the arithmetic. */
function float16Table(): Float32Array {
  if (cachedTable) return cachedTable;
  const table = new Float32Array(0x10000);
  for (let bits = 0; bits < table.length; bits++) {
    const sign = bits & 0x8000 ? -1 : 1;
    const exponent = (bits >> 10) & 0x1f;
    const fraction = bits & 0x3ff;
    if (exponent === 0) table[bits] = sign * fraction * 2 ** -24;
    else if (exponent === 31) table[bits] = fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
    else table[bits] = sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
  }
  cachedTable = table;
  return table;
}

/** The largest finite float16. */
export const largestHalf = 65504;

/** The bits of the nearest float16, ties to even; what is beyond its range becomes infinity. */
export function halvesOf(values: Float32Array): Uint16Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const halves = new Uint16Array(values.length);
  for (let i = 0; i < bits.length; i++) halves[i] = halfOf(bits[i]!);
  return halves;
}

/** Of the bits of a float32. */
function halfOf(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const exponent = ((bits >>> 23) & 0xff) - 127 + 15;
  const fraction = bits & 0x7fffff;
  if (exponent >= 31) return sign | (((bits >>> 23) & 0xff) === 255 && fraction !== 0 ? 0x7e00 : 0x7c00);
  // Below 2^-14 the steps are all alike: the one of the fraction is shifted down to them.
  const significand = exponent > 0 ? fraction : fraction | 0x800000;
  const shift = exponent > 0 ? 13 : Math.min(14 - exponent, 31);
  const rounded = roundShift(significand, shift);
  // A fraction that rounds up to one carries into the exponent, as it should.
  return sign | ((Math.max(exponent, 0) << 10) + rounded);
}

/** `value / 2^shift` to the nearest, ties to even. */
function roundShift(value: number, shift: number): number {
  const quotient = value >>> shift;
  const rest = value & ((1 << shift) - 1);
  const half = 1 << (shift - 1);
  return rest > half || (rest === half && (quotient & 1) === 1) ? quotient + 1 : quotient;
}

const cell = new Float32Array(1);
const cellBits = new Uint32Array(cell.buffer);

/** The nearest float16, as a number; what is beyond its range becomes infinity. */
export function nearestHalf(value: number): number {
  cell[0] = value;
  return float16Table()[halfOf(cellBits[0]!)]!;
}
