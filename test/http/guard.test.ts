/** A generative guard over HTTP, with real decoders: one that always objects, one that never does, and one that writes nonsense. */
import OpenAI from 'openai';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startServer } from '../support/server-process.js';
import { buildTinyGuard, type TinyGuard } from '../support/tiny-guard.js';

async function start(guard: TinyGuard, ...args: readonly string[]) {
  const folder = await buildTinyGuard(guard);
  const settings = ['--moderator', folder, '--safety', 'off', '--safety-time-limit', '600000', '--context', '512'];
  const server = await startServer(...settings, ...args);
  onTestFinished(async () => {
    await server.stop();
  });
  const client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: 'none', maxRetries: 0 });
  const messages = [{ role: 'user' as const, content: 'Hi.' }];
  const chat = { model: 'concierge', messages, temperature: 0, max_tokens: 30 };
  const count = async (metric: string) => {
    const text = await (await fetch(`${server.url}/metrics`)).text();
    return Number(new RegExp(`^${metric}\\{.*\\} (\\d+)$`, 'm').exec(text)?.[1] ?? 0);
  };
  const failures = () => count('octavo_safety_screen_failures_total');
  return { client, chat, failures, count };
}

describe('a guard that generates, --moderate block', () => {
  it('that objects blocks a prompt, and moderations tell its categories and its name', async () => {
    const { client, chat, failures } = await start({ reply: 'unsafe\nS10' }, '--moderate', 'block');
    const refused = client.chat.completions.create(chat);
    await expect(refused).rejects.toMatchObject({ status: 400, code: 'content_filter' });
    const answer = await client.moderations.create({ input: ['One text.', 'Another one.'] });
    expect(answer.results.map(({ categories }) => categories.hate)).toEqual([true, true]);
    expect(answer.results[0]?.category_scores).toMatchObject({ hate: 1, violence: 0 });
    expect(answer).toMatchObject({ octavo: { sources: { hate: ['tiny-guard'], 'violence/graphic': [] } } });
    expect(await failures()).toBe(0);
  });

  it('computes what its prompts have in common once', async () => {
    const { client, count } = await start({ reply: 'safe' });
    const input = 'A sentence that is said again and again. '.repeat(3);
    await client.moderations.create({ input });
    const reused = await count('octavo_reused_prompt_tokens_total');
    await client.moderations.create({ input: `${input}And then something else.` });
    expect((await count('octavo_reused_prompt_tokens_total')) - reused).toBeGreaterThanOrEqual(64);
  });

  it('that does not lets prompts and answers through, whole and streamed alike', async () => {
    const { client, chat, failures } = await start({ reply: 'safe' }, '--moderate', 'block');
    const whole = await client.chat.completions.create(chat);
    let streamed = '';
    for await (const chunk of await client.chat.completions.create({ ...chat, stream: true })) {
      streamed += chunk.choices[0]?.delta.content ?? '';
    }
    expect(whole.choices[0]?.message.content?.length).toBeGreaterThan(0);
    expect(streamed).toBe(whole.choices[0]?.message.content);
    expect((await client.moderations.create({ input: 'A text.' })).results[0]?.flagged).toBe(false);
    expect(await failures()).toBe(0);
  });

  it('that writes nonsense lets nothing through, and is counted', async () => {
    const { client, chat, failures } = await start({ reply: null }, '--moderate', 'block');
    const refused = client.chat.completions.create(chat);
    await expect(refused).rejects.toMatchObject({ status: 503, code: 'screen_failed' });
    const moderated = client.moderations.create({ input: 'A text.' });
    await expect(moderated).rejects.toMatchObject({ status: 503, code: 'screen_failed' });
    expect(await failures()).toBe(2);
  });
});
