/** The promise of the product, for encoders: a text's row does not depend on who shares the batch. On every device. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EncodeBatcher } from '#octavo/batcher/encode-batcher.js';
import type { StepEvent } from '#octavo/batcher/events.js';
import type { DeviceName } from '#octavo/device-name.js';
import { type LoadedModel, loadModel } from '#octavo/models/load-model.js';
import { Random } from '../../support/random.js';

export type LoadedEncoder = Extract<LoadedModel, { kind: 'encoder' }>;

export interface EncoderCase {
  readonly device: DeviceName;
  /** Gives the model's folder. */
  readonly build: () => Promise<string>;
  readonly texts: number;
}

/** `name` is that of the model. */
export function describeEncoderInvariance(name: string, { device, build, texts: count }: EncoderCase): void {
  describe(`batch invariance of ${name} on ${device}`, () => {
    let loaded: LoadedEncoder;

    beforeAll(async () => {
      loaded = await openEncoder(await build(), device);
    });

    afterAll(async () => {
      await loaded.close();
    });

    it(`gives ${count} texts the same bits alone and in changing company`, async () => {
      const { engine, model } = loaded;
      const random = new Random(11);
      const texts = Array.from({ length: count }, () =>
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
      expect(steps.slice(texts.length).filter(({ rows }) => rows > 1).length).toBeGreaterThan(count / 7);
    });
  });
}

export async function openEncoder(folder: string, device: DeviceName): Promise<LoadedEncoder> {
  const loaded = await loadModel({ folder, name: null, rows: 8, context: 512, runtime: 'auto', device, threads: 2 });
  if (loaded.kind !== 'encoder') throw new Error('It is an encoder.');
  return loaded;
}
