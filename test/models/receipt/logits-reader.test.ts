/** Logits of every position, the same however a text is cut, and those that serving computes. */
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildRandomModel } from '#octavo/models/build/build.js';
import type { Manifest } from '#octavo/models/manifest.js';
import { LogitsReader } from '#octavo/models/receipt/logits-reader.js';
import { openRuntime } from '#octavo/models/runtime/open-runtime.js';
import { cpu } from '#octavo/models/runtime/runtime.js';
import { temporaryFolder } from '../../support/folders.js';

const out = join(temporaryFolder(), 'model');
const ids = Array.from({ length: 40 }, (_, index) => (index * 37) % 256);
let manifest: Manifest;
let reader: LogitsReader;

beforeAll(async () => {
  manifest = await buildRandomModel({ shape: 'tiny-llama', seed: 9, out, precision: 'int8' });
  const { runtime } = await openRuntime('ort-c-api');
  const session = await runtime.open(join(out, manifest.graph), { device: cpu, threads: 1 });
  reader = new LogitsReader(session, { ...manifest.shape, rows: 1, capacity: 64 });
});

afterAll(() => reader.close());

it('gives one row of logits for each position', async () => {
  const logits = await reader.read(ids, 0);
  expect(logits).toHaveLength(ids.length * manifest.shape.vocab);
  expect(logits.every(Number.isFinite)).toBe(true);
});

it.each([[[2, 38]], [[20, 20]], [[38, 2]], [[7, 13, 11, 9]]])(
  'gives the same bits in chunks of %j',
  async (lengths) => {
    const whole = (await reader.read(ids, 0)).slice();
    let past = 0;
    for (const length of lengths) {
      const chunk = await reader.read(ids.slice(past, past + length), past);
      const { vocab } = manifest.shape;
      expect(chunk).toEqual(whole.subarray(past * vocab, (past + length) * vocab));
      past += length;
    }
  },
);
