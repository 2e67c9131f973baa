/** The tokenizer of random models: every byte is a token, chats are ChatML. */
import { Template } from '@huggingface/jinja';
import { Tokenizer } from '@huggingface/tokenizers';
import { expect, it } from 'vitest';
import { byteTokenizerFiles, byteTokens } from '#octavo/models/build/source/byte-tokenizer.js';

const files = byteTokenizerFiles(128) as Record<string, Record<string, unknown>>;
const tokenizer = new Tokenizer(files['tokenizer.json']!, files['tokenizer_config.json']!);

it.each(['hello  world\n', 'Grüße, 世界 🙂', '\0\x7f\u00ad\u00a0', ''])('turns %j into its bytes and back', (text) => {
  const { ids } = tokenizer.encode(text, { add_special_tokens: false });
  expect(ids).toEqual([...new TextEncoder().encode(text)]);
  if (ids.length > 0) expect(tokenizer.decode(ids, { clean_up_tokenization_spaces: false })).toBe(text);
});

it('knows the markers of a chat', () => {
  const template = new Template(String(files['tokenizer_config.json']!.chat_template));
  const text = template.render({ messages: [{ role: 'user', content: 'a' }], add_generation_prompt: true });
  expect(text).toBe('<|im_start|>user\na<|im_end|>\n<|im_start|>assistant\n');
  const { ids } = tokenizer.encode('<|im_start|>a<|im_end|>', { add_special_tokens: false });
  expect(ids).toEqual([byteTokens.imStart, 97, byteTokens.imEnd]);
});

it('gives the other ids of a vocabulary their numbers, which no text becomes', () => {
  const whole = byteTokenizerFiles(128, 400) as typeof files;
  const wider = new Tokenizer(whole['tokenizer.json']!, whole['tokenizer_config.json']!);
  expect(wider.decode([104, 259, 105, 399], { clean_up_tokenization_spaces: false })).toBe('h t259i t399');
  const { ids } = wider.encode('h t259i t399', { add_special_tokens: false });
  expect(ids).toEqual([...new TextEncoder().encode('h t259i t399')]);
});

it('decodes ids beyond its vocabulary as nothing', () => {
  expect(tokenizer.decode([104, 40_000, 105])).toBe('hi');
});
