/** The embedded classifier over HTTP: moderations with its scores, and chats that it screens. */
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ServerProcess, startServer } from '../support/server-process.js';

const insult = 'You are a worthless piece of garbage, you stupid bitch, nobody likes you.';
const question = 'Hi, I want to book a table for two in San Jose tonight at 7pm.';

describe.each(['off', 'block'] as const)('the embedded moderator, --moderate %s', (moderate) => {
  let server: ServerProcess;
  let client: OpenAI;

  beforeAll(async () => {
    server = await startServer('--moderate', moderate, '--safety', 'off', '--safety-time-limit', '600000');
    client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: 'none', maxRetries: 0 });
  });

  afterAll(async () => {
    await server.stop();
  });

  const chat = (content: string) => ({
    ...{ model: 'concierge', messages: [{ role: 'user' as const, content }], temperature: 0, max_tokens: 40 },
  });

  it('moderates texts together, of any length', async () => {
    const input = [question, insult, `${question} `.repeat(50) + insult, 'I am a proud gay man.'];
    const { results } = await client.moderations.create({ input });
    expect(results.map(({ flagged }) => flagged)).toEqual([false, true, true, false]);
    expect(results[1]?.categories).toMatchObject({ harassment: true, illicit: false });
    expect(results[1]?.category_scores.harassment).toBeGreaterThan(0.9);
    expect(results[0]?.category_scores.harassment).toBeLessThan(0.1);
  });

  it('tells the threshold that a high score is below', async () => {
    const answer = await client.moderations.create({ input: 'I will kill you tonight' });
    const { thresholds } = (answer as unknown as { octavo: { thresholds: Record<string, number> } }).octavo;
    const { flagged, category_scores: scores } = answer.results[0]!;
    expect(flagged).toBe(false);
    expect(scores.harassment).toBeGreaterThan(0.8);
    expect(scores.harassment).toBeLessThan(thresholds.harassment!);
    expect(thresholds).toMatchObject({ hate: 0.963, sexual: null });
  });

  it('screens prompts only where that was asked for', async () => {
    const answered = client.chat.completions.create(chat(insult));
    if (moderate === 'block') await expect(answered).rejects.toMatchObject({ status: 400, code: 'content_filter' });
    else expect((await answered).choices[0]?.finish_reason).not.toBe('content_filter');
  });

  it('lets a harmless answer through, whole and streamed alike', async () => {
    const whole = await client.chat.completions.create(chat(question));
    let streamed = '';
    for await (const chunk of await client.chat.completions.create({ ...chat(question), stream: true })) {
      streamed += chunk.choices[0]?.delta.content ?? '';
    }
    expect(streamed).toContain('San Jose');
    expect(streamed).toBe(whole.choices[0]?.message.content);
  });
});
