/** The tokenizer of the embedded model: golden ids, texts that come back whole, long texts in the worker thread. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { JinjaChatTemplate } from '#octavo/models/tokenizer/chat-template.js';
import { createEncoder } from '#octavo/models/tokenizer/encoder.js';
import { ModelTokenizer } from '#octavo/models/tokenizer/tokenizer.js';
import { embeddedModel, golden } from '../../support/concierge.js';

const json = (name: string) => JSON.parse(readFileSync(join(embeddedModel, name), 'utf8'));
const source = { tokenizer: json('tokenizer.json'), config: json('tokenizer_config.json') };
const vocabSize = 4100;
const tokenizer = new ModelTokenizer(source, vocabSize);
const encode = (text: string) => tokenizer.encode(text, { addSpecialTokens: true });

afterAll(async () => {
  await tokenizer.close();
});

const texts: Readonly<Record<string, string>> = {
  empty: '',
  English: 'The quick brown fox, 123 times.\n\tIndented — "quoted".',
  'white space only': ' \n\n   \t ',
  'emoji joined by zero-width joiners': 'a 👩‍👩‍👧‍👦 family, 🏳️‍🌈 and 🇨🇭',
  Chinese: '你好，世界。今天天气很好',
  Japanese: '吾輩は猫である。名前はまだ無い。',
  Arabic: 'السلام عليكم',
  'combining accents': 'e\u0301 and \u0323a',
  'control characters': 'a\0b\u0007c\ufeffd',
  'the last code point': '\u{10ffff}',
};

describe('texts come back whole', () => {
  test.each(Object.entries(texts))('%s', async (_, text) => {
    const ids = await encode(text);
    expect(tokenizer.decode(ids)).toBe(text);
    const stream = tokenizer.stream();
    const pieces = [...ids.map((id) => stream.push(id)), stream.flush()];
    expect(pieces.join('')).toBe(text);
    expect(pieces.join('')).not.toContain('\ufffd');
    expect(pieces.at(-1)).toBe('');
  });

  test('each stream has its own state', () => {
    const [first, second] = [tokenizer.stream(), tokenizer.stream()];
    const byte = source.tokenizer.model.vocab.Ã;
    expect([first.push(byte), second.flush(), first.flush()]).toEqual(['', '', '\ufffd']);
  });
});

describe('golden conversations', () => {
  const template = new JinjaChatTemplate(source.config.chat_template, {});
  const plain = golden.filter(({ tools }) => tools === undefined);

  test('are encoded to the ids that the model was trained on', async () => {
    expect(plain.length).toBeGreaterThan(3);
    for (const { messages, prompt_ids } of plain) {
      const text = template.render(messages);
      expect(await tokenizer.encode(text, { addSpecialTokens: false })).toEqual(prompt_ids);
    }
  });

  test('are decoded to their text, without the end token', () => {
    for (const { greedy_ids, text } of golden)
      expect(tokenizer.decode(greedy_ids)).toBe(text.replace('<|im_end|>', ''));
  });
});

describe('ids', () => {
  const { added_tokens: added } = source.tokenizer as {
    added_tokens: { id: number; content: string; special: boolean }[];
  };

  test.each(added.map(({ content, special, id }) => [content, special, id] as const))(
    '%s is one token (special: %s)',
    async (content, special, id) => {
      expect(await encode(content)).toEqual([id]);
      expect(tokenizer.decode([id])).toBe(special ? '' : content);
    },
  );

  test('beyond the tokenizer are valid for the model and have no text', () => {
    expect(tokenizer.vocabSize).toBe(vocabSize);
    expect(tokenizer.decode([vocabSize - 1])).toBe('');
  });
});

test('long texts are encoded in a worker thread, to the same ids', async () => {
  const text = `${Object.values(texts).join(' ')} `.repeat(40);
  expect(text.length).toBeGreaterThan(4096);
  expect(await encode(text)).toEqual(createEncoder(source)({ text, addSpecialTokens: true }));
  expect(tokenizer.decode(await encode(text))).toBe(text);
});

test('no text of as many characters as the bound has fewer tokens', async () => {
  const longest = (source.tokenizer.added_tokens as { content: string }[]).map(({ content }) => content);
  for (const text of [
    ...Object.values(texts),
    ...longest,
    ' '.repeat(500),
    '='.repeat(500),
    '<|im_start|>'.repeat(30),
  ]) {
    expect(text.length).toBeLessThanOrEqual(tokenizer.maxCharacters((await encode(text)).length));
  }
});

describe('a tokenizer that cannot be used is refused', () => {
  test.each<[string, object]>([
    ['without a model', { version: '1.0' }],
    ['with a pre-tokenizer that is not known', { ...source.tokenizer, pre_tokenizer: { type: 'Own' } }],
    ['with a normalizer that is not known', { ...source.tokenizer, normalizer: { type: 'Own' } }],
  ])('%s', (_, broken) => {
    expect(() => new ModelTokenizer({ tokenizer: broken, config: source.config }, vocabSize)).toThrow(
      expect.objectContaining({
        code: 'unsupported_model',
        message: expect.stringMatching(/^tokenizer\.json cannot be used: /),
      }),
    );
  });
});
