/** Tokenizers of other families: SentencePiece with byte fallback, and GPT-2's. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ModelTokenizer } from '#octavo/models/tokenizer/tokenizer.js';

const models = '../shared/models';
const read = (name: string, file: string) => JSON.parse(readFileSync(join(models, name, file), 'utf8'));

const texts = ['Once upon a time', 'a  b\n\tc', 'héllo 你好 👩‍👧 \u{10ffff}', 'e\u0301', '🇨🇭!', '\ufeffx'];

describe.each([
  // SentencePiece puts a space before the first word, and byte fallback spells what its vocabulary lacks.
  ['stories260K', 512, ' '],
  ['tiny-random-gpt2-fp32', 1000, ''],
])('%s', (name, vocabSize, prefix) => {
  const source = { tokenizer: read(name, 'tokenizer.json'), config: read(name, 'tokenizer_config.json') };
  const tokenizer = new ModelTokenizer(source, vocabSize);
  afterAll(() => tokenizer.close());

  it.each(texts)('%j comes back whole, at once and token by token', async (text) => {
    const ids = await tokenizer.encode(text, { addSpecialTokens: false });
    const stream = tokenizer.stream();
    const pieces = [...ids.map((id) => stream.push(id)), stream.flush()];
    expect(tokenizer.decode(ids)).toBe(prefix + text);
    expect(pieces.join('')).toBe(prefix + text);
    expect(pieces.at(-1)).toBe('');
    expect(prefix.length + text.length).toBeLessThanOrEqual(tokenizer.maxCharacters(ids.length));
  });
});

it('stories260K says its golden text', () => {
  const source = { tokenizer: read('stories260K', 'tokenizer.json'), config: {} };
  const tokenizer = new ModelTokenizer(source, 512);
  const ids = read('stories260K', 'golden_greedy_200_ids.json') as number[];
  const text = readFileSync(join(models, 'stories260K', 'golden_greedy_200.txt'), 'utf8');
  expect(tokenizer.decode(ids).trim()).toBe(text.trim());
});
