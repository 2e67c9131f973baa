/** The embedded model against the golden continuations: on the CPU every token, and the texts around them. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LoadedDecoder, loadDecoder } from '#octavo/models/load-model.js';
import { embeddedModel, golden } from '../../support/concierge.js';
import { describeGolden } from './golden.js';

describeGolden('cpu');

describe('the texts of the embedded model', () => {
  let model: LoadedDecoder['model'];
  let close: () => Promise<void>;

  beforeAll(async () => {
    const options = { name: null, rows: 1, context: 512, runtime: 'auto', device: 'auto', threads: 1 } as const;
    ({ model, close } = await loadDecoder({ ...options, folder: embeddedModel }));
  });

  afterAll(async () => {
    await close();
  });

  it('renders and encodes the golden conversations to the golden prompts', async () => {
    const { chatTemplate, tokenizer } = model;
    for (const { messages, prompt_ids } of golden.filter(({ tools }) => tools === undefined)) {
      const text = chatTemplate?.render(messages) ?? '';
      expect(await tokenizer.encode(text, { addSpecialTokens: false })).toEqual(prompt_ids);
    }
  });

  it('decodes the golden tokens to the golden text', () => {
    const [end] = model.endTokens;
    for (const { greedy_ids, text } of golden) {
      expect(model.tokenizer.decode(greedy_ids.filter((id) => id !== end))).toBe(text.replace('<|im_end|>', ''));
    }
  });
});
