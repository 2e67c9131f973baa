/** The promise of the product, for encoders: a text's row does not depend on who shares the batch. INT8, a whole BERT. */
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { EncodeBatcher } from '#octavo/batcher/encode-batcher.js';
import type { StepEvent } from '#octavo/batcher/events.js';
import { buildRandomModel } from '#octavo/models/build/build.js';
import { type LoadedModel, loadModel } from '#octavo/models/load-model.js';
import { temporaryFolder } from '../../support/folders.js';
import { Random } from '../../support/random.js';

const options = { name: null, rows: 8, context: 512, runtime: 'auto', device: 'auto', threads: 2 } as const;
let loaded: Extract<LoadedModel, { kind: 'encoder' }>;

beforeAll(async () => {
  const folder = join(temporaryFolder(), 'bert');
  await buildRandomModel({ shape: 'tiny-bert', seed: 3, out: folder, precision: 'int8' });
  const model = await loadModel({ ...options, folder });
  if (model.kind !== 'encoder') throw new Error('BERT is an encoder');
  loaded = model;
});

afterAll(async () => {
  await loaded.close();
});

it('gives 64 texts the same bits alone and in changing company', async () => {
  const { engine, model } = loaded;
  const random = new Random(11);
  const texts = Array.from({ length: 64 }, () =>
    Array.from({ length: random.between(1, engine.capacity) }, () => random.below(model.tokenizer.vocabSize)),
  );
  const steps: StepEvent[] = [];
  const batcher = new EncodeBatcher({
    engine,
    batch: { tokens: 512, grouping: 'length' },
    queue: { sequences: 1000, promptTokens: 1_000_000 },
    clock: () => 0,
    events: { step: (event) => steps.push(event), queued: () => {} },
  });
  const alone: Float32Array[] = [];
  for (const text of texts) alone.push(...(await batcher.encode({ texts: [text] })));
  for (let round = 0; round < 3; round++) {
    const order = random.shuffle([...texts.keys()]);
    const rows = await batcher.encode({ texts: order.map((index) => texts[index]!) });
    expect(rows.map((row) => [...row])).toEqual(order.map((index) => [...alone[index]!]));
  }
  expect(alone.every((row) => row.every(Number.isFinite))).toBe(true);
  // The company was real.
  expect(steps.slice(texts.length).filter(({ rows }) => rows > 1).length).toBeGreaterThan(10);
});
