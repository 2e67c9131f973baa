/** The server with an encoder-decoder: the prompt goes to the encoder, the text is the decoder's. In FP32, as transformers. */
import { join } from 'node:path';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildModel } from '#octavo/models/build/build.js';
import { ModelTokenizer } from '#octavo/models/tokenizer/tokenizer.js';
import { encoderDecoderFixtures, readFixture } from '../support/encoder-decoder-fixtures.js';
import { temporaryFolder } from '../support/folders.js';
import { type ServerProcess, startServer } from '../support/server-process.js';

const context = 96;
const endToken = 1;
const { name: model, folder: source, prompts } = encoderDecoderFixtures[1]!;
const reference = prompts[4]!;
const ignoreEnd = { ignore_eos: true };

describe('text by an encoder-decoder', () => {
  const root = temporaryFolder();
  const tokenizer = new ModelTokenizer({ tokenizer: readFixture<object>(model, 'tokenizer.json'), config: {} }, 320, {
    ownTexts: true,
  });
  let server: ServerProcess;
  let client: OpenAI;

  beforeAll(async () => {
    const out = join(root, model);
    await buildModel({ source, out, precision: 'fp32' });
    server = await startServer('--model', out);
    client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: 'none', maxRetries: 0 });
  });

  afterAll(async () => {
    await tokenizer.close();
    expect(await server.stop()).toBe(0);
  });

  it('is the greedy output of transformers, whole', async () => {
    const answer = await complete([...reference.ids], reference.greedy.length);
    expect(answer.choices[0]).toMatchObject({ text: tokenizer.decode(reference.greedy), finish_reason: 'length' });
    expect(answer.usage).toMatchObject({ prompt_tokens: reference.ids.length, completion_tokens: 24 });
  });

  it('is the same streamed', async () => {
    const body = { model, prompt: [...reference.ids], max_tokens: 24, temperature: 0, ...ignoreEnd };
    let text = '';
    for await (const chunk of await client.completions.create({ ...body, stream: true }))
      text += chunk.choices[0]?.text ?? '';
    expect(text).toBe(tokenizer.decode(reference.greedy));
  });

  it('reads a text with the end token that the tokenizer adds, and several prompts at once', async () => {
    const text = 'translate English to German: the weather is nice today.';
    const ids = await tokenizer.encode(text, { addSpecialTokens: true });
    expect(ids.at(-1)).toBe(endToken);
    const [ofText, ofIds] = [await complete(text, 12), await complete([...ids], 12)];
    const many = await client.completions.create({
      ...{ model, prompt: [text, 'a question', text], max_tokens: 12, temperature: 0, ...ignoreEnd },
    });
    expect(ofText.usage!.prompt_tokens).toBe(ids.length);
    expect(ofText.choices[0]!.text).toBe(ofIds.choices[0]!.text);
    expect(many.choices.map((choice) => choice.text).filter((_, i) => i !== 1)).toEqual(
      Array(2).fill(ofText.choices[0]!.text),
    );
  });

  it('may be as long as the longest prompt, beside it', async () => {
    const prompt = Array.from({ length: context }, (_, i) => 3 + i);
    const answer = await complete(prompt, context);
    expect(answer.usage).toMatchObject({ prompt_tokens: context, completion_tokens: context });
    await expect(complete(prompt, context + 1)).rejects.toThrow(
      /96 tokens for the prompt and as many for the output, but the prompt has 96 tokens and 97 more were asked for/,
    );
    await expect(complete([...prompt, 3], 1)).rejects.toMatchObject({ code: 'context_length_exceeded' });
    await expect(complete('a question '.repeat(60), 1)).rejects.toMatchObject({ code: 'context_length_exceeded' });
  });

  it('is no conversation without a chat template', async () => {
    const asked = client.chat.completions.create({ model, messages: [{ role: 'user', content: 'a question' }] });
    await expect(asked).rejects.toThrow(/has no chat template; use \/v1\/completions/);
  });

  function complete(prompt: string | number[], tokens: number) {
    return client.completions.create({ model, prompt, max_tokens: tokens, temperature: 0, ...ignoreEnd });
  }
});
