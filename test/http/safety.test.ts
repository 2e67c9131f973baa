/** The safety filter on the path, with the real model: what a rule blocks or hides does not leave, streamed or not. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ServerProcess, startServer } from '../support/server-process.js';

// The model's greedy answer: "Sure, please confirm your reservation for 2 at 7 pm on March 1st at Ariake in San Jose."
const question = 'Hi, I want to book a table for two in San Jose tonight at 7pm.';
const rules = `
version: 1
rules:
  - { id: restaurant, category: test, action: redact, replacement: "[name]", direction: output, terms: [Ariake] }
  - { id: place, category: test, action: block, direction: output, terms: ["san  jose"] }
  - { id: question, category: test, action: block, direction: prompt, terms: [forbidden question] }
  - { id: evening, category: times, action: block, terms: [tonight] }
`;
const policy = `
version: 1
policy:
  - { category: times, direction: prompt, action: annotate }
`;

describe('the safety filter on the path', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'octavo-rules-'));
  const audit = path.join(folder, 'audit.jsonl');
  let server: ServerProcess;
  let client: OpenAI;

  beforeAll(async () => {
    const file = path.join(folder, 'rules.yaml');
    writeFileSync(file, rules);
    const policyFile = path.join(folder, 'policy.yaml');
    writeFileSync(policyFile, policy);
    server = await startServer('--safety', file, '--safety-policy', policyFile, '--audit-log', audit);
    client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: 'none', maxRetries: 0 });
  });

  afterAll(async () => {
    await server.stop();
    rmSync(folder, { recursive: true });
  });

  const request = (content: string, stop: string[] = []) => ({
    ...{ model: 'concierge', messages: [{ role: 'user' as const, content }], temperature: 0 },
    ...(stop.length > 0 ? { stop } : {}),
  });

  const safe = 'Sure, please confirm your reservation for 2 at 7 pm on March 1st at [name] in ';

  it('redacts, then blocks before the first character of the match', async () => {
    const answer = await client.chat.completions.create(request(question));
    expect(answer.choices[0]).toMatchObject({ finish_reason: 'content_filter', message: { content: safe } });
  });

  it('releases the same text when it streams', async () => {
    let text = '';
    const finishes = [];
    for await (const chunk of await client.chat.completions.create({ ...request(question), stream: true })) {
      text += chunk.choices[0]?.delta.content ?? '';
      if (chunk.choices[0]?.finish_reason) finishes.push(chunk.choices[0].finish_reason);
    }
    expect(text).toBe(safe);
    expect(finishes).toEqual(['content_filter']);
  });

  it('lets go of what it held back when a stop string ends the text inside a match', async () => {
    const answer = await client.chat.completions.create(request(question, [' Jose']));
    expect(answer.choices[0]).toMatchObject({ finish_reason: 'stop', message: { content: `${safe}San` } });
  });

  it('refuses a blocked prompt', async () => {
    const refused = client.chat.completions.create(request('A for­bidden question, please.'));
    await expect(refused).rejects.toMatchObject({ status: 400, code: 'content_filter' });
  });

  it('counts what it caught', async () => {
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    expect(metrics).toMatch(/octavo_safety_findings_total\{direction="output",category="test",action="block"\} [1-9]/);
    expect(metrics).toMatch(/octavo_safety_findings_total\{direction="prompt",category="test",action="block"\} [1-9]/);
  });

  it('writes down what it found, the policy’s word for it, and not the text', async () => {
    const before = readFileSync(audit, 'utf8').split('\n').length;
    const body = { ...request(question), content_filter_results: true };
    const { data, request_id: id } = await client.chat.completions.create(body).withResponse();
    expect(data.choices[0]).toMatchObject({
      content_filter_results: { test: { filtered: true, severity: 'high' }, times: { filtered: false } },
    });
    const lines = readFileSync(audit, 'utf8')
      .trimEnd()
      .split('\n')
      .slice(before - 1);
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { request: id, direction: 'prompt', rule: 'evening', action: 'annotate', length: 7 },
      { request: id, direction: 'output', rule: 'restaurant', action: 'redact', length: 6 },
      { request: id, direction: 'output', rule: 'place', action: 'block', length: 8 },
    ]);
    expect(readFileSync(audit, 'utf8')).not.toMatch(/tonight|Ariake|San Jose/);
  });

  it('writes neither prompts nor answers to the log', () => {
    expect(server.output()).not.toMatch(/San Jose|forbidden|Ariake/);
  });
});
