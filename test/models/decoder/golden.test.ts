/** The embedded model in its worker thread against the golden continuations. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LoadedDecoder, loadDecoder } from '#octavo/models/load-model.js';
import { buildFp32, embeddedModel, golden } from '../../support/concierge.js';
import { generateAlone, teacherForcedAgreement } from '../../support/steps.js';

const options = { name: null, rows: 2, context: 512, runtime: 'auto', device: 'auto', threads: 2 } as const;

describe('the FP32 build', () => {
  let build: Awaited<ReturnType<typeof buildFp32>>;
  let loaded: LoadedDecoder;

  beforeAll(async () => {
    build = await buildFp32();
    loaded = await loadDecoder({ ...options, folder: build.folder });
  });

  afterAll(async () => {
    await loaded.close();
    build.remove();
  });

  it('runs on the C API', () => {
    expect(loaded.model.runtime).toMatchObject({ runtime: 'ort-c-api', runtimeReason: '', provider: 'cpu' });
  });

  it.each(golden.map((goldenCase, index) => ({ index, ...goldenCase })))(
    'gives exactly the golden tokens of case $index',
    async ({ prompt_ids, greedy_ids }) => {
      expect(await generateAlone(loaded.engine, prompt_ids, greedy_ids.length)).toEqual(greedy_ids);
    },
  );

  it('renders and encodes the golden conversations to the golden prompts', async () => {
    const { chatTemplate, tokenizer } = loaded.model;
    for (const { messages, prompt_ids } of golden.filter(({ tools }) => tools === undefined)) {
      const text = chatTemplate?.render(messages) ?? '';
      expect(await tokenizer.encode(text, { addSpecialTokens: false })).toEqual(prompt_ids);
    }
  });

  it('decodes the golden tokens to the golden text', () => {
    const [end] = loaded.model.endTokens;
    for (const { greedy_ids, text } of golden) {
      expect(loaded.model.tokenizer.decode(greedy_ids.filter((id) => id !== end))).toBe(text.replace('<|im_end|>', ''));
    }
  });
});

describe('the embedded INT8 model', () => {
  it('agrees with FP32 in at least 95% of the teacher-forced next tokens', async () => {
    const { engine, close } = await loadDecoder({ ...options, folder: embeddedModel });
    const cases = golden.map(({ prompt_ids, greedy_ids }) => ({ prompt: prompt_ids, expected: greedy_ids }));
    const agreement = await teacherForcedAgreement(engine, cases);
    await close();
    console.log(`INT8 agreement with the golden tokens: ${(100 * agreement).toFixed(1)}%`);
    expect(agreement).toBeGreaterThanOrEqual(0.95);
  });
});
