/** The parts of `npm run bench:peers` that every figure goes through: rates from times, files for llama.cpp, tables. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { RandomWeights } from '#octavo/models/build/weights/random-weights.js';
import { temporaryFolder } from '../support/folders.js';

// The cache folder is read when the modules load.
process.env.OCTAVO_PEERS = temporaryFolder();
const module = (name: string) => import(new URL(`../../bench/peers/${name}.mjs`, import.meta.url).href);
const { ratesOf, median, quantile } = await module('rates');
const { blockTypes, toFloat16 } = await module('ggml-blocks');
const { gguf } = await module('gguf');
const { replaceMarked } = await module('report');
const { failureTable, shapeTables, spread } = await module('tables');

describe('rates', () => {
  const every = (first: number, gap: number, count: number) => Array.from({ length: count }, (_, i) => first + i * gap);

  test('count the tokens while all rows take part', () => {
    // The second row begins at 200 ms, when the first has eleven tokens, and the first ends at 590.
    const rates = ratesOf([every(100, 10, 50), every(200, 10, 50)], 128);
    expect(rates.firstTokenMs).toBe(200);
    expect(rates.prefill).toBe(1280);
    expect(rates.decode).toBeCloseTo(200, 6);
  });

  test('say nothing of decode where the rows hardly met', () => {
    expect(ratesOf([every(100, 10, 12), every(200, 10, 12)], 128).decode).toBeNull();
  });

  test('medians and quantiles', () => {
    expect([median([3, 1, 2]), median([4, 1, 2, 3])]).toEqual([2, 2.5]);
    expect([quantile([1, 2, 3, 4], 0.5), quantile([1, 2, 3, 4], 0.99)]).toEqual([3, 4]);
  });
});

describe("ggml's blocks", () => {
  test.each([
    [1, 0x3c00],
    [-2, 0xc000],
    [0.1, 0x2e66],
    [65504, 0x7bff],
    [1e6, 0x7c00],
    [2 ** -24, 1],
    [0, 0],
  ])('%d in 16 bits', (value, bits) => {
    expect(toFloat16(value)).toBe(bits);
  });

  test('Q8_0: a scale and 32 signed bytes', () => {
    const block = blockTypes.Q8_0.quantise(Float32Array.from({ length: 32 }, (_, i) => (i === 31 ? -127 : i)));
    expect([...new Int8Array(block.buffer, block.byteOffset + 2, 32)]).toEqual([...Array(31).keys(), -127]);
    expect(block.readUInt16LE(0)).toBe(0x3c00);
  });

  test('Q4_0: the largest value is -8 times the scale, halves share a byte', () => {
    const block = blockTypes.Q4_0.quantise(
      Float32Array.from({ length: 32 }, (_, i) => (i === 0 ? 8 : i === 16 ? -7 : 0)),
    );
    expect(block.readUInt16LE(0)).toBe(toFloat16(-1));
    expect([block[2], block[3]]).toEqual([0xf0, 0x88]);
  });
});

interface TensorInfo {
  readonly name: string;
  readonly dims: number[];
  readonly type: number;
  readonly offset: number;
}

/** As ggml's docs/gguf.md has it. */
class GgufReader {
  readonly #file: Buffer;
  at = 0;

  constructor(file: Buffer) {
    this.#file = file;
  }

  take(bytes: number): Buffer {
    this.at += bytes;
    return this.#file.subarray(this.at - bytes, this.at);
  }

  u32 = () => this.take(4).readUInt32LE();
  u64 = () => Number(this.take(8).readBigUInt64LE());
  text = () => this.take(this.u64()).toString();

  value(kind: number): unknown {
    if (kind === 8) return this.text();
    if (kind !== 9) return kind === 6 ? this.take(4).readFloatLE() : this.u32();
    const [inner, count] = [this.u32(), this.u64()];
    return Array.from({ length: count }, () => this.value(inner));
  }
}

function parseGguf(file: Buffer) {
  const reader = new GgufReader(file);
  const [magic, version] = [reader.take(4).toString(), reader.u32()];
  const [tensorCount, metadataCount] = [reader.u64(), reader.u64()];
  const metadata: Record<string, unknown> = {};
  for (let left = metadataCount; left > 0; left--) {
    const key = reader.text();
    metadata[key] = reader.value(reader.u32());
  }
  const tensors = Array.from({ length: tensorCount }, (): TensorInfo => {
    const [name, rank] = [reader.text(), reader.u32()];
    const dims = Array.from({ length: rank }, reader.u64);
    return { name, dims, type: reader.u32(), offset: reader.u64() };
  });
  return { magic, version, metadata, tensors, begin: Math.ceil(reader.at / 32) * 32 };
}

describe.each(['tiny-llama', 'tiny-qwen2'])('the GGUF file of %s', (shape) => {
  const columns = { 'tiny-llama': 32, 'tiny-qwen2': 64 }[shape]!;

  test('says what llama.cpp needs, and its tensors end where the file ends', async () => {
    const file = readFileSync(await gguf(shape, 'Q4_0'));
    const { magic, version, metadata, tensors, begin } = parseGguf(file);
    expect([magic, version]).toEqual(['GGUF', 3]);
    expect(metadata).toMatchObject({ 'general.architecture': shape.slice(5), 'tokenizer.ggml.model': 'gpt2' });
    expect((metadata['tokenizer.ggml.tokens'] as string[]).length).toBe(320);
    const last = tensors.at(-1)!;
    const values = last.dims.reduce((product, dim) => product * dim, 1);
    expect(begin + last.offset + values * 4).toBe(file.length);
    // Like llama-quantize: the embedding, which is the head, in 8 bits, vectors in float32.
    const types = Object.fromEntries(tensors.map(({ name, type }) => [name, type]));
    expect(types).toMatchObject({ 'token_embd.weight': 8, 'blk.0.attn_q.weight': 2, 'blk.1.ffn_norm.weight': 0 });
  });

  test('has the weights of the checkpoint', async () => {
    const file = readFileSync(await gguf(shape, 'Q8_0'));
    const { tensors, begin } = parseGguf(file);
    const { offset } = tensors.find(({ name }) => name === 'blk.1.attn_q.weight')!;
    const weights = new RandomWeights(1);
    const name = 'model.layers.1.self_attn.q_proj.weight';
    weights.expect(name, [columns, columns]);
    // Llama's second row in ggml is the row half a head (16) further on; Qwen2's keep their places.
    const row = shape === 'tiny-llama' ? 8 : 1;
    const expected = await weights.read(name, row * columns, 32);
    const at = begin + offset + (columns / 32) * 34;
    const scale = Math.max(...expected.map(Math.abs)) / 127;
    for (let i = 0; i < 32; i++) {
      // Half a step, and what bfloat16 rounded.
      expect(Math.abs(file.readInt8(at + 2 + i) * scale - expected[i]!)).toBeLessThan(scale * 1.1);
    }
  });
});

describe('the report', () => {
  const sample = { peer: 'octavo', shape: 'concierge', prompt: 128, rows: 1, firstTokenMs: 10, prefill: 12_800 };
  const results = {
    samples: [100, 120, 110].map((decode) => ({ ...sample, decode })),
    peers: { octavo: { name: 'Octavo', version: '1' }, vllm: { name: 'vLLM', version: '2' } },
    failures: { 'vllm concierge': 'No matching distribution | found' },
  };

  test('gives medians with their spread, and a dash for what was not measured', () => {
    expect(spread([1200.4])).toBe('1,200');
    expect(shapeTables(results)).toContain(
      '| Octavo (1) | 110 (100 - 120) | - | - | - | 12,800 (12,800 - 12,800) | 10 |',
    );
  });

  test('names each peer that could not be measured, and why', () => {
    expect(failureTable(results)).toContain('| vLLM (2) | concierge | No matching distribution \\| found |');
    expect(failureTable(results)).toContain('| `openvino` | concierge | not run yet |');
    expect(failureTable(results)).not.toContain('Octavo');
  });

  test('replaces what stands between its markers alone', () => {
    const page = readFileSync(path.resolve('docs/performance.md'), 'utf8');
    const once = replaceMarked(page, 'NEW');
    expect(once).toContain('<!-- bench:peers -->\n\nNEW\n\n<!-- /bench:peers -->');
    expect(replaceMarked(once, 'NEW')).toBe(once);
    expect(() => replaceMarked('no markers', 'NEW')).toThrow('must have');
  });
});
