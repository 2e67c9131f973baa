/** Clients that leave: their rows are free two steps later, and the others do not notice. On the embedded model. */
import { performance } from 'node:perf_hooks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Batcher } from '#octavo/batcher/batcher.js';
import { defaultLimits as schedulerLimits } from '#octavo/batcher/scheduler.js';
import { type LoadedDecoder, loadDecoder } from '#octavo/models/load-model.js';
import { unfiltered } from '#octavo/safety/filter.js';
import { defaultLimits } from '#octavo/server/limits.js';
import { Metrics } from '#octavo/server/metrics.js';
import { createServer } from '#octavo/server/server.js';
import { embeddedModel } from '../support/concierge.js';

const clients = 50;

describe('clients that leave', () => {
  let loaded: LoadedDecoder;
  let batcher: Batcher;
  let app: ReturnType<typeof createServer>;
  let url: string;
  /** Steps so far, and their number when each abort reached the engine. */
  let steps = 0;
  const aborts: number[] = [];
  /** Seeds of the requests that have reached the engine: each client has its own. */
  const submitted = new Set<number>();

  beforeAll(async () => {
    const options = { name: null, rows: 16, context: 512, runtime: 'auto', device: 'auto', threads: 2 } as const;
    loaded = await loadDecoder({ ...options, folder: embeddedModel });
    const { model, engine } = loaded;
    batcher = new Batcher({
      engine,
      detokenizer: () => model.tokenizer.stream(),
      scheduler: schedulerLimits,
      queue: { sequences: 1000, promptTokens: 100_000 },
      clock: () => performance.now(),
      events: { step: () => steps++, finished: () => {} },
    });
    const generator = {
      retryAfterSeconds: () => 1,
      checkOpen: () => batcher.checkOpen(),
      submit: (request: Parameters<Batcher['submit']>[0]) => {
        submitted.add(request.sampling.seed);
        request.signal?.addEventListener('abort', () => aborts.push(steps));
        return batcher.submit(request);
      },
    };
    app = createServer({
      models: [{ kind: 'decoder', model, generator }],
      ...{ safety: unfiltered, limits: defaultLimits, metrics: new Metrics(), logger: false },
      ...{ unknownParams: 'refuse', apiKeys: [], allowedHosts: null, logPrompts: false },
      ...{ contentFilterResults: false, valueModel: null, timings: false },
      ...{ ready: () => ({ ready: true, reason: '' }), replicaHealth: () => [], draining: () => false },
    });
    url = await app.listen({ port: 0, host: '127.0.0.1' });
  });

  afterAll(async () => {
    app.server.closeAllConnections();
    await app.close();
    await loaded.close();
  });

  it('frees the rows of 50 clients cut at random moments within two steps', async () => {
    const before = await greedyAnswer();
    await Promise.all(Array.from({ length: clients }, (_, index) => leave(index)));
    // Every socket is closed on this side; the server hears of it in its own time.
    while (aborts.length < clients) await turn();
    while (batcher.running + batcher.waiting > 0) await turn();
    expect(steps - Math.max(...aborts)).toBeLessThanOrEqual(2);
    expect(await greedyAnswer()).toBe(before);
  });

  /** Asks for 400 tokens, streamed or whole, and leaves after some chunks, or before the first. */
  async function leave(index: number): Promise<void> {
    const controller = new AbortController();
    const stream = index % 3 !== 0;
    const body = { prompt: `Client ${index} asks`, max_tokens: 400, ignore_eos: true, seed: index, stream };
    const request = fetch(`${url}/v1/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: controller.signal,
    });
    if (stream) {
      const reader = (await request).body!.getReader();
      for (let chunks = (index * 7) % 13; chunks > 0; chunks--) await reader.read();
    } else {
      // Not streamed: the answer is far away; leave once the engine has the request.
      while (!submitted.has(index)) await turn();
    }
    controller.abort();
    await request.then((response) => response.text()).catch(() => {});
  }

  async function greedyAnswer(): Promise<string> {
    const response = await fetch(`${url}/v1/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ prompt: 'I would like to book', max_tokens: 24, temperature: 0 }),
    });
    const body = (await response.json()) as { choices: { text: string }[] };
    return body.choices[0]!.text;
  }
});

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
