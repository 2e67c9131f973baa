/** Reading safetensors: every float format, and files that lie. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SafetensorsFile } from '#octavo/models/build/weights/safetensors.js';
import { temporaryFolder } from '../../../support/folders.js';
import { rawSafetensors, safetensors } from '../../../support/safetensors.js';

const folder = temporaryFolder();

function fileOf(bytes: Uint8Array): string {
  const path = join(folder, 'model.safetensors');
  writeFileSync(path, bytes);
  return path;
}

function entry(shape: readonly number[], offsets: readonly number[], dtype = 'F32') {
  return { dtype, shape, data_offsets: offsets };
}

describe('a well-formed file', () => {
  const values = Float32Array.of(0, 1, -2, 0.5, 65504, -6.103515625e-5);

  it.each(['F32', 'F16', 'BF16'] as const)('reads %s', async (dtype) => {
    const exact = dtype === 'BF16' ? values.with(4, 65280) : values;
    const file = await SafetensorsFile.open(fileOf(safetensors({ a: { dtype, shape: [2, 3], values: exact } })));
    const tensor = file.entry('a');
    expect(tensor?.shape).toEqual([2, 3]);
    expect(await file.read(tensor!, 0, 6)).toEqual(exact);
    expect(await file.read(tensor!, 2, 3)).toEqual(exact.subarray(2, 5));
    await file.close();
  });

  it('reads the smallest subnormal float16', async () => {
    const header = JSON.stringify({ a: entry([1], [0, 2], 'F16') });
    const file = await SafetensorsFile.open(fileOf(rawSafetensors(header, Uint8Array.of(1, 0))));
    expect((await file.read(file.entry('a')!, 0, 1))[0]).toBe(2 ** -24);
    await file.close();
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])('refuses the value %s', async (value) => {
    const file = await SafetensorsFile.open(
      fileOf(safetensors({ a: { shape: [2], values: Float32Array.of(1, value) } })),
    );
    await expect(file.read(file.entry('a')!, 0, 2)).rejects.toMatchObject({
      code: 'invalid_model',
      message: expect.stringContaining('tensor a'),
    });
    await file.close();
  });
});

describe('a hostile file', () => {
  const eight = new Uint8Array(8);
  const cases: Record<string, readonly [bytes: Uint8Array, message: RegExp]> = {
    'shorter than its length field': [new Uint8Array(5), /no header/],
    'a header beyond the end': [rawSafetensors('{}', eight, 1000n), /truncated inside its header/],
    'a header of 2^63 bytes': [rawSafetensors('{}', eight, 2n ** 63n), /at most/],
    'a header that is no JSON': [rawSafetensors('{"a":', eight), /not valid JSON/],
    'a header that is no UTF-8': [rawSafetensors('', Uint8Array.of(0xff, 0xff), 2n), /not valid JSON/],
    'a header that is a list': [rawSafetensors('[]', eight), /JSON object/],
    'a header nested without end': [rawSafetensors('['.repeat(100_000), eight), /nested deeper/],
    'an entry without offsets': [rawSafetensors('{"a":{"dtype":"F32","shape":[2]}}', eight), /entry of tensor a/],
    'an entry that is a number': [rawSafetensors('{"a":3}', eight), /entry of tensor a/],
    'a negative dimension': [rawSafetensors(JSON.stringify({ a: entry([-2], [0, 8]) }), eight), /entry of tensor a/],
    'an unknown dtype': [rawSafetensors(JSON.stringify({ a: entry([2], [0, 8], 'Q4') }), eight), /unknown dtype Q4/],
    'a dtype named like a method': [
      rawSafetensors(JSON.stringify({ a: entry([2], [0, 8], 'toString') }), eight),
      /unknown dtype toString/,
    ],
    'offsets that do not fit the shape': [rawSafetensors(JSON.stringify({ a: entry([3], [0, 8]) }), eight), /needs 12/],
    'a shape beyond all numbers': [
      rawSafetensors(JSON.stringify({ a: entry([2 ** 52, 2 ** 52], [0, 8]) }), eight),
      /tensor a .* needs/,
    ],
    'overlapping tensors': [
      rawSafetensors(JSON.stringify({ a: entry([2], [0, 8]), b: entry([1], [4, 8]) }), eight),
      /b overlaps/,
    ],
    'a hole between tensors': [
      rawSafetensors(JSON.stringify({ a: entry([1], [0, 4]), b: entry([1], [8, 12]) }), new Uint8Array(12)),
      /b leaves a hole/,
    ],
    'tensors beyond the end': [rawSafetensors(JSON.stringify({ a: entry([4], [0, 16]) }), eight), /is truncated/],
    'bytes of no tensor': [rawSafetensors(JSON.stringify({ a: entry([1], [0, 4]) }), eight), /no tensor owns/],
  };

  it.each(Object.entries(cases))('%s', async (_, [bytes, message]) => {
    await expect(SafetensorsFile.open(fileOf(bytes))).rejects.toMatchObject({
      name: 'OctavoError',
      message: expect.stringMatching(message),
    });
  });

  it('may hold integers, which cannot be read as weights', async () => {
    const file = await SafetensorsFile.open(
      fileOf(rawSafetensors(JSON.stringify({ a: entry([2], [0, 8], 'I32') }), eight)),
    );
    await expect(async () => file.read(file.entry('a')!, 0, 2)).rejects.toMatchObject({ code: 'unsupported_model' });
    await file.close();
  });

  it('does not take a tensor named __proto__ for a prototype', async () => {
    const header = `{"__proto__":${JSON.stringify(entry([2], [0, 8]))}}`;
    const file = await SafetensorsFile.open(fileOf(rawSafetensors(header, eight)));
    expect([...file.names()]).toEqual(['__proto__']);
    await file.close();
  });
});
