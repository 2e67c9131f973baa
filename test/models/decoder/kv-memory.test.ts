/** Rows and capacity within a budget. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { buildRandomModel } from '#octavo/models/build/build.js';
import { describeReduction, planKvMemory, tokenBytes } from '#octavo/models/decoder/kv-memory.js';
import { slotBytes } from '#octavo/models/decoder/kv-pool.js';
import { blockTokens } from '#octavo/models/decoder/step.js';
import { loadDecoder } from '#octavo/models/load-model.js';
import { evenRanges } from '../../support/cache-ranges.js';
import { temporaryFolder } from '../../support/folders.js';

const shape = { layers: 2, kvHeads: 2, headDim: 8 };
const perToken = tokenBytes(shape);
const asked = { rows: 8, capacity: 100 };
const row = asked.capacity * perToken;

test('a token has keys and values of every layer and head', () => {
  expect(perToken).toBe(2 * 2 * 2 * 8 * 4);
});

test('half as many bytes hold a token in float16, and a block of tokens; a quarter in int8', () => {
  expect(tokenBytes({ ...shape, element: 'float16' })).toBe(perToken / 2);
  expect(slotBytes({ ...shape, element: 'float16' })).toBe((blockTokens * perToken) / 2);
  expect(tokenBytes({ ...shape, element: 'int8' })).toBe(perToken / 4);
  expect(slotBytes({ ...shape, element: 'int8' })).toBe((blockTokens * perToken) / 4);
  expect(slotBytes(shape)).toBe(blockTokens * perToken);
});

test.each([
  ['all that is asked for', Number.POSITIVE_INFINITY, asked],
  ['all that just fits', 8 * row, asked],
  ['fewer rows', 8 * row - 1, { rows: 7, capacity: 100 }],
  ['one row', row, { rows: 1, capacity: 100 }],
  ['one row with a shorter context', row - 1, { rows: 1, capacity: 99 }],
  ['the shortest context', 16 * perToken, { rows: 1, capacity: 16 }],
])('%s', (_, budget, planned) => {
  expect(planKvMemory(asked, perToken, budget)).toEqual(planned);
  expect(planned.rows * planned.capacity * perToken).toBeLessThanOrEqual(budget);
});

test('refuses a budget without room for a context, and says how much is needed', () => {
  expect(() => planKvMemory(asked, 2 ** 20, 2 ** 24 - 1)).toThrow(/at least 16 MiB/);
});

test.each([
  ['fp32', undefined, 4],
  ['fp16', undefined, 8],
  ['int8-weight-fp16', undefined, 8],
  ['int8', 'int8', 16],
] as const)('a model in %s with its cache in %s has as many rows as fit: %i', async (precision, kvCache, rows) => {
  const folder = join(temporaryFolder(), precision);
  const sizes = { layers: 2, hidden: 64, heads: 4, kvHeads: 2, headDim: 16, vocab: 320, context: 128 };
  const cacheRanges = kvCache && evenRanges(sizes, 4);
  await buildRandomModel({ shape: 'tiny-qwen2', seed: 1, precision, out: folder, cacheRanges });
  // Of tiny-qwen2: two layers of two heads of 16 for keys.
  const kvMemory = (4 * 64 * tokenBytes({ layers: 2, kvHeads: 2, headDim: 16 })) / 2 ** 20;
  const options = { name: null, context: 64, runtime: 'auto', device: 'cpu', threads: 1 } as const;
  const { engine, close } = await loadDecoder({ ...options, folder, rows: 32, kvMemory });
  expect([engine.rows, engine.capacity]).toEqual([rows, 64]);
  await close();
});

test('tells the operator what became less', () => {
  expect(describeReduction(asked, asked, 1e9)).toBeNull();
  expect(describeReduction(asked, { rows: 3, capacity: 100 }, 5 * 2 ** 20)).toBe(
    '5 MiB of KV cache (the share of --kv-memory) hold 3 of 8 rows of 100 tokens',
  );
});
