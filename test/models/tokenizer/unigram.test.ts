/** T5's kind of tokenizer, Unigram with Metaspace, against transformers on a small trained vocabulary. */
import { afterAll, describe, expect, test } from 'vitest';
import { ModelTokenizer } from '#octavo/models/tokenizer/tokenizer.js';
import { readFixture } from '../../support/encoder-decoder-fixtures.js';

interface Case {
  readonly text: string;
  readonly ids: readonly number[];
}

const cases = readFixture<{ readonly encode: readonly Case[]; readonly decode: readonly Case[] }>('tokenizer.json');
const source = { tokenizer: readFixture<object>('t5', 'tokenizer.json'), config: {} };
const tokenizer = new ModelTokenizer(source, 320, { ownTexts: true });

afterAll(() => tokenizer.close());

test.each(cases.encode.map(({ text, ids }) => [text, ids] as const))('encodes %j', async (text, ids) => {
  expect(await tokenizer.encode(text, { addSpecialTokens: true })).toEqual(ids);
});

describe.each(cases.decode.map(({ ids, text }) => [JSON.stringify(ids), { ids, text }] as const))(
  '%s',
  (_, { ids, text }) => {
    test('decodes whole', () => {
      expect(tokenizer.decode(ids)).toBe(text);
    });

    test('decodes as a stream', () => {
      const detokenizer = tokenizer.stream();
      const pieces = ids.map((id) => detokenizer.push(id));
      expect(pieces.join('') + detokenizer.flush()).toBe(text);
    });
  },
);

test('keeps the first space of a text that continues another', async () => {
  const continuing = new ModelTokenizer(source, 320);
  const ids = await continuing.encode('a question', { addSpecialTokens: false });
  expect([continuing.decode(ids), tokenizer.decode(ids)]).toEqual([' a question', 'a question']);
  await continuing.close();
});

test('has no text for ids between the vocabulary and the end of the model', () => {
  expect(tokenizer.decode([319])).toBe('');
});
