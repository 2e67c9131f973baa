/** Builds of the embedded model in their worker thread against the golden continuations, on every device. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ProviderName } from '#octavo/device-name.js';
import { buildModel } from '#octavo/models/build/build.js';
import { type LoadedDecoder, loadDecoder } from '#octavo/models/load-model.js';
import { conciergeWeights, embeddedModel, golden } from '../../support/concierge.js';
import { temporaryFolder } from '../../support/folders.js';
import { generateAlone, teacherForcedAgreement } from '../../support/steps.js';

interface GoldenScale {
  /** Golden prompts, the first ones, and tokens of each. */
  readonly prompts: number;
  readonly tokens: number;
  /** Of the tokens that an INT8 build is asked for, one of so many. */
  readonly every: number;
}

export function describeGolden(
  device: ProviderName,
  { prompts, tokens, every }: GoldenScale = { prompts: golden.length, tokens: Infinity, every: 1 },
): void {
  const options = { name: null, rows: 2, context: 512, runtime: 'auto', device, threads: 2 } as const;
  const root = temporaryFolder();
  const cases = golden
    .slice(0, prompts)
    .map(({ prompt_ids, greedy_ids }) => ({ prompt: prompt_ids, expected: greedy_ids.slice(0, tokens) }));
  const build = async (precision: 'fp32' | 'int8-weight') => {
    const out = join(root, precision);
    await buildModel({ source: conciergeWeights, out, precision });
    return out;
  };

  describe(`the FP32 build on ${device}`, () => {
    let loaded: LoadedDecoder;

    beforeAll(async () => {
      loaded = await loadDecoder({ ...options, folder: await build('fp32') });
    });

    afterAll(async () => {
      await loaded.close();
    });

    it('runs on the C API', () => {
      expect(loaded.model.runtime).toMatchObject({ runtime: 'ort-c-api', runtimeReason: '', provider: device });
    });

    it.each(cases.map((one, index) => ({ index, ...one })))(
      'gives exactly the golden tokens of case $index',
      async ({ prompt, expected }) => {
        expect(await generateAlone(loaded.engine, prompt, expected.length)).toEqual(expected);
      },
    );
  });

  it.each(['int8', 'int8-weight'] as const)(
    `in %s on ${device} agrees with FP32 in 95 of 100 teacher-forced next tokens at least`,
    async (precision) => {
      const folder = precision === 'int8' ? embeddedModel : await build(precision);
      const { engine, close } = await loadDecoder({ ...options, folder });
      const agreement = await teacherForcedAgreement(engine, cases, every);
      await close();
      console.log(`${precision} agreement with the golden tokens on ${device}: ${(100 * agreement).toFixed(1)}%`);
      expect(agreement).toBeGreaterThanOrEqual(0.95);
    },
    120_000,
  );
}
