/** The ranking of best_of on the embedded model: by probabilities computed anew, and by a classifier beside it. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Batcher } from '#octavo/batcher/batcher.js';
import { defaultLimits } from '#octavo/batcher/scheduler.js';
import { type LoadedDecoder, loadDecoder } from '#octavo/models/load-model.js';
import { openModelFolder } from '#octavo/models/model-folder.js';
import { LogitsReader } from '#octavo/models/receipt/logits-reader.js';
import { openRuntime } from '#octavo/models/runtime/open-runtime.js';
import { cpu } from '#octavo/models/runtime/runtime.js';
import { embeddedModel } from '../support/concierge.js';
import { fakeServer } from '../support/fake-server.js';
import { type ServerProcess, startServer } from '../support/server-process.js';
import { buildTinyEncoder } from '../support/tiny-encoder.js';

const body = { prompt: 'I would like to book a', max_tokens: 8, seed: 11, temperature: 1 };
const count = 5;

describe('by probability', () => {
  let loaded: LoadedDecoder;
  let reader: LogitsReader;
  const sampled: number[] = [];

  beforeAll(async () => {
    loaded = await loadDecoder({
      ...{ folder: embeddedModel, name: null, rows: 8, context: 64, runtime: 'auto', device: 'auto', threads: 1 },
    });
    const { manifest } = await openModelFolder(embeddedModel);
    const { runtime } = await openRuntime('auto');
    const session = await runtime.open(join(embeddedModel, manifest.graph), { device: cpu, threads: 1 });
    reader = new LogitsReader(session, { ...manifest.shape, rows: 1, capacity: 64 });
  });

  afterAll(async () => {
    await reader.close();
    await loaded.close();
  });

  /** A server on the model; the tokens of a sequence that is alone are noted. */
  function start() {
    const { engine, model } = loaded;
    const noting: typeof engine = {
      ...{ rows: engine.rows, capacity: engine.capacity, slots: 0, encodesPrompts: false, verifiesGuesses: false },
      interrupt: () => engine.interrupt(),
      recover: () => engine.recover(),
      close: () => engine.close(),
      step: async (step) => {
        const result = await engine.step(step);
        sampled.push(...(result.tokens[0] ?? []));
        return result;
      },
    };
    const generator = new Batcher({
      ...{ engine: noting, detokenizer: () => model.tokenizer.stream(), scheduler: defaultLimits },
      ...{ queue: { sequences: 64, promptTokens: 1024 }, clock: () => performance.now() },
      events: { step: () => {}, finished: () => {} },
    });
    return fakeServer({ models: [{ kind: 'decoder', model, generator }] });
  }

  /** The mean log-probability of these tokens after the prompt, from the logits of the whole text at once. */
  async function recompute(tokens: readonly number[]): Promise<number> {
    const prompt = await loaded.model.tokenizer.encode(body.prompt, { addSpecialTokens: true });
    const logits = await reader.read([...prompt, ...tokens], 0);
    const vocab = loaded.model.tokenizer.vocabSize;
    const terms = tokens.map((token, index) => {
      const row = logits.subarray((prompt.length - 1 + index) * vocab, (prompt.length + index) * vocab);
      const max = row.reduce((most, logit) => Math.max(most, logit), -Infinity);
      return row[token]! - max - Math.log(row.reduce((sum, logit) => sum + Math.exp(logit - max), 0));
    });
    return terms.reduce((sum, term) => sum + term, 0) / terms.length;
  }

  it('answers in the order of probabilities that are computed anew', async () => {
    const server = start();
    const worth: { text: string; value: number }[] = [];
    for (let candidate = 0; candidate < count; candidate++) {
      sampled.length = 0;
      const alone = await server.complete({ ...body, seed: body.seed + candidate });
      worth.push({ text: alone.json().choices[0].text, value: await recompute(sampled) });
    }
    expect(new Set(worth.map(({ text }) => text)).size).toBeGreaterThan(2);
    const ranked = worth.toSorted((one, other) => other.value - one.value).map(({ text }) => text);
    const best = (await server.complete({ ...body, n: count, best_of: count })).json();
    expect(best.choices.map(({ text }: { text: string }) => text)).toEqual(ranked);
    const one = (await server.complete({ ...body, best_of: count })).json();
    expect(one.choices.map(({ text }: { text: string }) => text)).toEqual(ranked.slice(0, 1));
  });
});

describe('by a classifier', () => {
  let server: ServerProcess;

  beforeAll(async () => {
    const folder = await buildTinyEncoder({ task: 'classify', labels: ['praise', 'complaint'] });
    server = await startServer('--model', `${embeddedModel},${folder}`, '--rank-by', 'tiny-classify=-complaint');
  });

  afterAll(async () => {
    await server.stop();
  });

  const post = async (path: string, fields: object) => {
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(`${server.url}${path}`, { method: 'POST', headers, body: JSON.stringify(fields) });
    // biome-ignore lint/suspicious/noExplicitAny: answers of two shapes
    return (await answer.json()) as any;
  };

  it('answers in the order of the scores that /v1/classify gives', async () => {
    const { choices } = await post('/v1/completions', { ...body, n: count, best_of: count });
    const texts = choices.map(({ text }: { text: string }) => text);
    expect(texts).toHaveLength(count);
    const { data } = await post('/v1/classify', { model: 'tiny-classify', input: texts });
    const complaints = data.map(
      ({ scores }: { scores: { label: string; score: number }[] }) =>
        scores.find(({ label }) => label === 'complaint')?.score,
    );
    expect(complaints).toEqual(complaints.toSorted((one: number, other: number) => one - other));
    expect(new Set(complaints).size).toBeGreaterThan(2);
  });
});
