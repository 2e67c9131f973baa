/** The server with an encoder, through the official client: what an application sees. */
import OpenAI, { BadRequestError } from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ServerProcess, startServer } from '../support/server-process.js';
import { buildTinyEncoder, tinyContext, tinyIds, tinyVocabulary, tinyWidth } from '../support/tiny-encoder.js';

const model = 'tiny-embed';
const texts = ['when is breakfast served?', 'a table for two', 'the room', 'the '.repeat(60)];

describe('embeddings by the openai client', () => {
  let server: ServerProcess;
  let client: OpenAI;
  /** The vectors of `texts`, each asked for alone. */
  let alone: readonly (readonly number[])[];

  beforeAll(async () => {
    server = await startServer('--model', await buildTinyEncoder({ task: 'embed' }));
    client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: 'none', maxRetries: 0 });
    alone = await Promise.all(
      texts.map(async (input) => (await client.embeddings.create({ model, input })).data[0]!.embedding),
    );
  });

  afterAll(async () => {
    expect(await server.stop()).toBe(0);
  });

  it('are vectors of length 1, and the client’s own format (base64) is the plain one', async () => {
    for (const vector of alone) {
      expect(vector).toHaveLength(tinyWidth);
      expect(Math.hypot(...vector)).toBeCloseTo(1, 5);
    }
    const plain = await client.embeddings.create({ model, input: texts, encoding_format: 'float' });
    expect(plain.data.map(({ embedding }) => embedding)).toEqual(alone);
  });

  it('come in the order of the texts, the same bits alone and among 300 others', async () => {
    const many = Array.from({ length: 300 }, (_, index) => texts[index % texts.length]!);
    const answer = await client.embeddings.create({ model, input: many });
    expect(answer.data.map(({ index }) => index)).toEqual(many.map((_, index) => index));
    expect(answer.data.map(({ embedding }) => embedding)).toEqual(many.map((_, index) => alone[index % texts.length]));
    const tokens = 75 * (7 + 6 + 4 + 62);
    expect(answer.usage).toEqual({ prompt_tokens: tokens, total_tokens: tokens });
  });

  it('can be of token ids, and shorter', async () => {
    const ids = [tinyIds.cls, ...['the', 'room'].map((word) => tinyVocabulary.indexOf(word)), tinyIds.sep];
    const one = await client.embeddings.create({ model, input: ids });
    expect(one.data[0]!.embedding).toEqual(alone[2]);
    const short = (await client.embeddings.create({ model, input: [ids, ids], dimensions: 2 })).data[1]!.embedding;
    const length = Math.hypot(alone[2]![0]!, alone[2]![1]!);
    expect(short[0]).toBeCloseTo(alone[2]![0]! / length, 6);
    expect(short).toHaveLength(2);
  });

  it('of too long a text are refused with both numbers', async () => {
    const long = client.embeddings.create({ model, input: ['a', 'the '.repeat(150)] });
    await expect(long).rejects.toThrow(BadRequestError);
    await expect(long).rejects.toMatchObject({ code: 'context_length_exceeded', param: 'input[1]' });
    await expect(long).rejects.toThrow(new RegExp(`${tinyContext} tokens.*152`));
  });

  it('are all the model can do', async () => {
    const chat = client.chat.completions.create({ model, messages: [{ role: 'user', content: 'Hi' }] });
    await expect(chat).rejects.toThrow(/'tiny-embed' cannot generate text: it can embed texts, by \/v1\/embeddings/);
    expect(await client.models.retrieve(model)).toMatchObject({
      octavo: { task: 'embed', dimensions: tinyWidth, context_length: tinyContext, capabilities: ['embeddings'] },
    });
  });

  it('are counted, with what padding they cost', async () => {
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    const value = (name: string) => Number(new RegExp(`^${name}\\{.*\\} (\\d+)$`, 'm').exec(metrics)?.[1]);
    const [computed, padding] = [value('octavo_step_tokens_total'), value('octavo_padding_tokens_total')];
    expect(computed).toBeGreaterThan(padding);
    expect(computed - padding).toBe(value('octavo_prompt_tokens_total'));
    expect(value('octavo_queue_seconds_count')).toBeGreaterThan(300);
    expect(metrics).toContain(`octavo_sequences_waiting{model="${model}"} 0`);
    expect(metrics).not.toContain('octavo_kv_cache_usage_ratio{');
    expect((await fetch(`${server.url}/health/ready`)).status).toBe(200);
  });
});
