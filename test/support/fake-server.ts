/** A whole HTTP server on fakes, for injected requests and for real sockets. */
import type { AddressInfo } from 'node:net';
import type { FastifyInstance, LightMyRequestResponse } from 'fastify';
import OpenAI from 'openai';
import { onTestFinished } from 'vitest';
import type { ServerDependencies } from '#octavo/server/dependencies.js';
import { defaultLimits, type ServerLimits } from '#octavo/server/limits.js';
import { Metrics } from '#octavo/server/metrics.js';
import { createServer } from '#octavo/server/server.js';
import { FakeGenerator } from './fake-generator.js';
import { fakeModel } from './fake-model.js';
import { fakeSafety } from './fake-safety.js';

export interface FakeServer {
  readonly app: FastifyInstance;
  readonly generator: FakeGenerator;
  readonly metrics: Metrics;
  post(url: string, body: unknown, headers?: Record<string, string>): Promise<LightMyRequestResponse>;
  complete(body: object): Promise<LightMyRequestResponse>;
  chat(body: object): Promise<LightMyRequestResponse>;
}

type FakeSettings = Partial<Omit<ServerDependencies, 'limits'>> & { readonly limits?: Partial<ServerLimits> };

/** Closed when the test ends. */
export function fakeServer(settings: FakeSettings = {}): FakeServer {
  const generator = new FakeGenerator();
  const metrics = new Metrics();
  const app = createServer({
    models: [{ kind: 'decoder', model: fakeModel, generator }],
    safety: fakeSafety,
    unknownParams: 'refuse',
    apiKeys: [],
    allowedHosts: null,
    logPrompts: false,
    contentFilterResults: false,
    valueModel: null,
    timings: false,
    logger: false,
    metrics,
    replicaHealth: () => [{ model: 'fake', replica: 0, device: 'cpu', ready: true }],
    ready: () => ({ ready: true, reason: 'ready' }),
    draining: () => false,
    ...settings,
    limits: { ...defaultLimits, ...settings.limits },
  });
  onTestFinished(async () => {
    await app.close();
  });
  const post: FakeServer['post'] = (url, body, headers = {}) =>
    app.inject({
      method: 'POST',
      url,
      headers: { 'content-type': 'application/json', ...headers },
      payload: typeof body === 'string' ? body : JSON.stringify(body),
    });
  return {
    app,
    generator,
    metrics,
    post,
    complete: (body) => post('/v1/completions', { prompt: 'Hi', ...body }),
    chat: (body) => post('/v1/chat/completions', { messages: [{ role: 'user', content: 'Hi' }], ...body }),
  };
}

/** Listens on a free loopback port; the client does not retry. */
export async function listen({ app }: FakeServer): Promise<{ readonly port: number; readonly client: OpenAI }> {
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as AddressInfo;
  const client = new OpenAI({ baseURL: `http://127.0.0.1:${port}/v1`, apiKey: 'none', maxRetries: 0 });
  return { port, client };
}

/** The parsed `data:` events of a stream's body; the terminal `[DONE]` stays a string. */
// biome-ignore lint/suspicious/noExplicitAny: tests look into answers of many shapes
export function readEvents(body: string): any[] {
  return body
    .split('\n\n')
    .filter((event) => event.startsWith('data: '))
    .map((event) => event.slice('data: '.length))
    .map((text) => (text === '[DONE]' ? text : JSON.parse(text)));
}
