/** The server with the embedded model, through the official client: what an application sees. */
import OpenAI, { BadRequestError, NotFoundError, UnprocessableEntityError } from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { golden } from '../support/concierge.js';
import { type ServerProcess, startServer } from '../support/server-process.js';

const model = 'concierge';
const plain = golden.filter(({ tools }) => tools === undefined);

describe('the openai client', () => {
  let server: ServerProcess;
  let client: OpenAI;

  beforeAll(async () => {
    server = await startServer();
    client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: 'none', maxRetries: 0 });
  });

  afterAll(async () => {
    expect(await server.stop()).toBe(0);
  });

  it('lists the model', async () => {
    const models = [];
    for await (const entry of client.models.list()) models.push(entry.id);
    expect(models).toEqual([model]);
    expect(await client.models.retrieve(model)).toMatchObject({ id: model, object: 'model', owned_by: 'octavo' });
  });

  it('answers a chat, greedy, with usage', async () => {
    const { messages, text } = plain[0]!;
    const answer = await client.chat.completions.create({ model, messages: toMessages(messages), temperature: 0 });
    expect(answer.choices[0]).toMatchObject({
      message: { role: 'assistant', content: text.replace('<|im_end|>', '') },
      finish_reason: 'stop',
    });
    expect(answer.usage).toMatchObject({ prompt_tokens: 30, completion_tokens: 27, total_tokens: 57 });
  });

  it.each(plain.map(({ messages }, index) => ({ index, messages })))(
    'streams chat $index as the same text that it answers whole',
    async ({ messages }) => {
      const request = { model, messages: toMessages(messages), seed: 11, temperature: 0.8, max_tokens: 40 } as const;
      const whole = await client.chat.completions.create(request);
      const stream = await client.chat.completions.create({
        ...request,
        stream: true,
        stream_options: { include_usage: true },
      });
      let text = '';
      const finishes: (string | null)[] = [];
      let usage: OpenAI.CompletionUsage | null | undefined;
      for await (const chunk of stream) {
        text += chunk.choices[0]?.delta.content ?? '';
        if (chunk.choices[0]?.finish_reason) finishes.push(chunk.choices[0].finish_reason);
        usage = chunk.usage ?? usage;
      }
      expect(text).toBe(whole.choices[0]?.message.content);
      expect(finishes).toEqual([whole.choices[0]?.finish_reason]);
      // The second time the beginning of the prompt is known.
      expect({ ...usage, prompt_tokens_details: null }).toEqual({ ...whole.usage, prompt_tokens_details: null });
    },
  );

  it('completes several prompts with several choices each, the same for the same seed', async () => {
    const request = { model, prompt: ['Good morning, I', 'The weather in'], n: 3, seed: 5, max_tokens: 12 };
    const [first, second] = [await client.completions.create(request), await client.completions.create(request)];
    expect(first.choices.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(first.choices.map(({ text }) => text)).toEqual(second.choices.map(({ text }) => text));
    expect(new Set(first.choices.map(({ text }) => text)).size).toBeGreaterThan(2);
    expect(first.usage?.completion_tokens).toBeLessThanOrEqual(6 * 12);
  });

  it('streams every choice of a completion, each as it is without streaming', async () => {
    const request = { model, prompt: ['I would like', 'Can you find'], n: 2, seed: 3, max_tokens: 16 };
    const whole = await client.completions.create(request);
    const texts = ['', '', '', ''];
    for await (const chunk of await client.completions.create({ ...request, stream: true })) {
      for (const { index, text } of chunk.choices) texts[index] += text;
    }
    expect(texts).toEqual(whole.choices.map(({ text }) => text));
  });

  it('takes token ids as a prompt', async () => {
    const { prompt_ids, text } = plain[1]!;
    const answer = await client.completions.create({ model, prompt: [...prompt_ids], temperature: 0, max_tokens: 64 });
    expect(answer.choices[0]?.text).toBe(text.replace('<|im_end|>', ''));
  });

  it('stops at a stop string and never shows a part of it', async () => {
    const messages = toMessages(plain[0]!.messages);
    const request = { model, messages, temperature: 0, stop: [' at Ariake', 'never said'] };
    const whole = await client.chat.completions.create(request);
    expect(whole.choices[0]).toMatchObject({ finish_reason: 'stop' });
    expect(whole.choices[0]?.message.content).toBe('Sure, please confirm your reservation for 2 at 7 pm on March 1st');
    let streamed = '';
    for await (const chunk of await client.chat.completions.create({ ...request, stream: true })) {
      streamed += chunk.choices[0]?.delta.content ?? '';
    }
    expect(streamed).toBe(whole.choices[0]?.message.content);
  });

  it('ends at max_tokens with the finish reason length', async () => {
    const messages = toMessages(plain[0]!.messages);
    const answer = await client.chat.completions.create({ model, messages, temperature: 0, max_tokens: 5 });
    expect(answer.choices[0]?.finish_reason).toBe('length');
    expect(answer.usage?.completion_tokens).toBe(5);
  });

  it('throws the typed errors of the client', async () => {
    const messages = toMessages(plain[0]!.messages);
    await expect(client.chat.completions.create({ model: 'gpt-unknown', messages })).rejects.toThrow(NotFoundError);
    await expect(client.chat.completions.create({ model, messages, temperature: 9 })).rejects.toThrow(BadRequestError);
    await expect(client.chat.completions.create({ model, messages: [] })).rejects.not.toThrow(UnprocessableEntityError);
    const tooLong = client.completions.create({ model, prompt: 'hello '.repeat(800), max_tokens: 10 });
    await expect(tooLong).rejects.toMatchObject({ status: 400, code: 'context_length_exceeded' });
    await expect(tooLong).rejects.toThrow(/512.*\d+/);
  });

  it('goes on serving the others when a client leaves in mid-stream', async () => {
    const stream = await client.completions.create({ model, prompt: 'Hello', max_tokens: 400, stream: true });
    for await (const _ of stream) break;
    stream.controller.abort();
    const { messages, text } = plain[0]!;
    const answer = await client.chat.completions.create({ model, messages: toMessages(messages), temperature: 0 });
    expect(answer.choices[0]?.message.content).toBe(text.replace('<|im_end|>', ''));
  });
});

function toMessages(messages: readonly { role: string; content: string }[]): OpenAI.ChatCompletionMessageParam[] {
  return messages.map(({ role, content }) => ({ role, content }) as OpenAI.ChatCompletionMessageParam);
}
