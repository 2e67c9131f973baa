/** Tokenizers of encoders: WordPiece and Unigram, special tokens around a text, and texts cut to a length. */
import { afterAll, describe, expect, test } from 'vitest';
import { EncoderTokenizer } from '#octavo/models/tokenizer/encoder-tokenizer.js';
import { tinyTokenizer, tinyVocabulary } from '../../support/tiny-encoder.js';

const open: EncoderTokenizer[] = [];

afterAll(async () => {
  for (const tokenizer of open) await tokenizer.close();
});

function create(tokenizer: object): EncoderTokenizer {
  open.push(new EncoderTokenizer({ tokenizer, config: {} }, 100));
  return open.at(-1)!;
}

describe('WordPiece', () => {
  const tokenizer = create(tinyTokenizer);
  const tokens = async (text: string, addSpecialTokens = true) =>
    (await tokenizer.encode(text, { addSpecialTokens })).map((id) => tinyVocabulary[id]);

  test.each<[string, readonly string[]]>([
    ['Breakfast is served', ['[CLS]', 'breakfast', 'is', 'served', '[SEP]']],
    ['Where? Books!', ['[CLS]', 'where', '?', 'book', '##s', '[UNK]', '[SEP]']],
    ['tables', ['[CLS]', 'table', '##s', '[SEP]']],
    ['', ['[CLS]', '[SEP]']],
  ])('%j', async (text, expected) => {
    expect(await tokens(text)).toEqual(expected);
  });

  test('without special tokens', async () => {
    expect(await tokens('the room', false)).toEqual(['the', 'room']);
  });

  test('long texts are encoded in a thread, to the same ids', async () => {
    const long = 'the room '.repeat(1000);
    expect(await tokens(long)).toEqual([
      '[CLS]',
      ...Array.from({ length: 2000 }, (_, i) => (i % 2 ? 'room' : 'the')),
      '[SEP]',
    ]);
  });

  test('a text of unknown words is not taken for more than its characters can be', async () => {
    const text = Array.from({ length: 50 }, () => '漢'.repeat(1) + 'q'.repeat(99)).join(' ');
    expect(text.length).toBeLessThanOrEqual(tokenizer.maxCharacters((await tokens(text, false)).length));
  });

  test('cut to a length, the special tokens stay', async () => {
    const ids = await tokenizer.encode('a table for two please', { addSpecialTokens: true });
    expect(tokenizer.minTokens).toBe(3);
    expect(tokenizer.cut(ids, 7)).toEqual(ids);
    expect(tokenizer.cut(ids, 4).map((id) => tinyVocabulary[id])).toEqual(['[CLS]', 'a', 'table', '[SEP]']);
    expect(tokenizer.cut([5, 6, 7, 8], 3)).toEqual([5, 6, 7]);
  });
});

describe('Unigram', () => {
  const pieces: readonly (readonly [string, number])[] = [
    ['<s>', 0],
    ['</s>', 0],
    ['<unk>', 0],
    ['▁', -2],
    ['▁room', -3],
    ['▁the', -2],
    ['s', -4],
  ];
  const frame = ['<s>', '</s>'].map((content) => ({ content, id: pieces.findIndex(([piece]) => piece === content) }));
  const tokenizer = create({
    added_tokens: frame.map((token) => ({
      ...token,
      special: true,
      normalized: false,
      lstrip: false,
      rstrip: false,
      single_word: false,
    })),
    normalizer: null,
    pre_tokenizer: { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always', split: true },
    post_processor: {
      type: 'TemplateProcessing',
      single: [
        { SpecialToken: { id: '<s>', type_id: 0 } },
        { Sequence: { id: 'A', type_id: 0 } },
        { SpecialToken: { id: '</s>', type_id: 0 } },
      ],
      pair: [],
      special_tokens: Object.fromEntries(
        frame.map(({ content, id }) => [content, { id: content, ids: [id], tokens: [content] }]),
      ),
    },
    decoder: { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always', split: true },
    model: { type: 'Unigram', unk_id: 2, vocab: pieces },
  });

  test('is encoded, and cut', async () => {
    const ids = await tokenizer.encode('the rooms', { addSpecialTokens: true });
    expect(ids.map((id) => pieces[id]?.[0])).toEqual(['<s>', '▁the', '▁room', 's', '</s>']);
    expect(tokenizer.cut(ids, 3).map((id) => pieces[id]?.[0])).toEqual(['<s>', '▁the', '</s>']);
    expect(tokenizer.maxCharacters(2)).toBe(2 * '▁room'.length);
  });
});

test.each<[string, object]>([
  ['no vocabulary', { model: { type: 'WordPiece' } }],
  ['a vocabulary of something else', { model: { type: 'Unigram', vocab: [['a', 'b']] } }],
  ['an unknown normaliser', { ...tinyTokenizer, normalizer: { type: 'Other' } }],
])('%s is refused', (_, tokenizer) => {
  expect(() => new EncoderTokenizer({ tokenizer, config: {} }, 100)).toThrow(
    expect.objectContaining({
      code: 'unsupported_model',
      message: expect.stringMatching(/^tokenizer.json cannot be used/),
    }),
  );
});
