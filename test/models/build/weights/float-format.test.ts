/** float16 from float32: every value exactly, and what lies between two to the nearer, ties to even. */
import { describe, expect, it } from 'vitest';
import { halvesOf, toFloat32 } from '#octavo/models/build/weights/float-format.js';

const all = Uint16Array.from({ length: 0x10000 }, (_, bits) => bits);
const values = toFloat32(new Uint8Array(all.buffer), 'F16');
/** The bits of a number that is not negative and finite, in order. */
const finite = all.subarray(0, 0x7c00);

describe('float16', () => {
  it('gives back the bits of every float16', () => {
    const halves = halvesOf(values);
    const wrong = all.filter((bits, index) => !Number.isNaN(values[index]) && halves[index] !== bits);
    expect([...wrong]).toEqual([]);
    expect([...halvesOf(Float32Array.of(Number.NaN))]).toEqual([0x7e00]);
  });

  it('takes the nearer of two, and of a tie the even one', () => {
    const between = finite.subarray(1).map((bits) => bits);
    const wrong = between.filter((upper) => {
      const [low, high] = [values[upper - 1]!, values[upper]!];
      const middle = (low + high) / 2;
      const even = upper % 2 === 0 ? upper : upper - 1;
      const step = middle * 2 ** -20;
      const near = halvesOf(Float32Array.of(middle - step, middle, middle + step, -middle));
      return near[0] !== upper - 1 || near[1] !== even || near[2] !== upper || near[3] !== even + 0x8000;
    });
    expect([...wrong]).toEqual([]);
  });

  it('is zero far below its range and infinity beyond', () => {
    expect([...halvesOf(Float32Array.of(1e-9, -1e-40, 0, -0, 65519, 65520, 1e30, -1e30))]).toEqual([
      ...[0, 0x8000, 0, 0x8000, 0x7bff, 0x7c00, 0x7c00, 0xfc00],
    ]);
  });
});
