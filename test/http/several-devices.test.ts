/** A server with a replica on each of two devices: both answer, and each is named where one looks. */
import OpenAI from 'openai';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { golden } from '../support/concierge.js';
import { type ServerProcess, startServer } from '../support/server-process.js';

const { messages, text } = golden.find(({ tools }) => tools === undefined)!;
let server: ServerProcess;

beforeAll(async () => {
  server = await startServer('--device', 'cpu,cpu', '--threads', '2', '--moderator', 'off');
});

afterAll(async () => {
  expect(await server.stop()).toBe(0);
});

it('answers alike from both', async () => {
  const client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: 'none', maxRetries: 0 });
  const ask = () => client.chat.completions.create({ model: 'concierge', messages: messages as never, temperature: 0 });
  const answers = await Promise.all([ask(), ask(), ask(), ask()]);
  for (const { choices } of answers) expect(choices[0]?.message.content).toBe(text.replace('<|im_end|>', ''));
});

it('names the device of each replica', async () => {
  const read = async (path: string) => (await fetch(server.url + path)).text();
  expect(server.output()).toMatch(/2 replicas of .*\n.*\n +device {3}cpu, 1 thread /);
  expect(JSON.parse(await read('/v1/models'))).toMatchObject({ data: [{ octavo: { devices: ['cpu', 'cpu'] } }] });
  expect(JSON.parse(await read('/health/ready'))).toMatchObject({
    replicas: [
      { replica: 0, device: 'cpu', ready: true },
      { replica: 1, device: 'cpu', ready: true },
    ],
  });
  expect(await read('/metrics')).toContain('octavo_replica_ready{model="concierge",replica="1",device="cpu"} 1');
});
