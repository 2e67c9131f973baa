/** A second turn of a conversation over HTTP: it takes over what the first computed, says so, and answers the same. */
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ServerProcess, startServer } from '../support/server-process.js';

const keys = ['key-a', 'key-b'];

describe('beginnings of prompts', () => {
  let kept: ServerProcess;
  let none: ServerProcess;

  beforeAll(async () => {
    kept = await startServer('--api-keys', keys.join(','));
    none = await startServer('--prefix-cache', '0');
  });

  afterAll(async () => {
    await kept.stop();
    await none.stop();
  });

  const prompt = Array.from({ length: 150 }, (_, index) => (index * 37) % 4000);
  const ask = (server: ServerProcess, key: string, ids: number[]) =>
    new OpenAI({ baseURL: `${server.url}/v1`, apiKey: key, maxRetries: 0 }).completions.create({
      ...{ model: 'concierge', prompt: ids, max_tokens: 8, temperature: 0 },
    });

  it('are taken over by the next prompt, counted, and change no token', async () => {
    const first = await ask(kept, 'key-a', prompt);
    expect(first.usage?.prompt_tokens_details?.cached_tokens).toBe(0);
    const turn = [...prompt, 5, 6, 7];
    const second = await ask(kept, 'key-a', turn);
    expect(second.usage?.prompt_tokens_details?.cached_tokens).toBe(128);
    const cold = await ask(none, 'none', turn);
    expect(cold.usage?.prompt_tokens_details?.cached_tokens).toBe(0);
    expect(second.choices[0]!.text).toBe(cold.choices[0]!.text);
    const metrics = await (await fetch(`${kept.url}/metrics`, { headers: { authorization: 'Bearer key-a' } })).text();
    expect(metrics).toContain('octavo_reused_prompt_tokens_total{model="concierge"} 128');
  });

  it('are not shared by the owners of two keys', async () => {
    const other = await ask(kept, 'key-b', prompt);
    expect(other.usage?.prompt_tokens_details?.cached_tokens).toBe(0);
    const same = await ask(kept, 'key-b', prompt);
    expect(same.usage?.prompt_tokens_details?.cached_tokens).toBe(128);
  });
});
