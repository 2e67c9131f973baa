/** A decoder's worker thread that is lost: its rows fail with one clear error, and a new thread takes over. */
import { cpSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { greedy } from '#octavo/models/decoder/sampling.js';
import type { DecoderEngine } from '#octavo/models/decoder/step.js';
import type { LoadedDecoder } from '#octavo/models/load-model.js';
import { hear } from '../../support/batching.js';
import { embeddedModel, golden } from '../../support/concierge.js';
import { recordWorkers } from '../../support/record-workers.js';
import { generateAlone } from '../../support/steps.js';

const workers = recordWorkers();
const options = { name: null, rows: 2, context: 128, runtime: 'auto', device: 'auto', threads: 1 } as const;

describe('a replica whose model cannot be loaded again', () => {
  it('is tried again, and works once the model is back', async () => {
    const { loadDecoder } = await import('#octavo/models/load-model.js');
    const folder = path.join(mkdtempSync(path.join(tmpdir(), 'octavo-replica-')), 'model');
    cpSync(embeddedModel, folder, { recursive: true });
    const { engine, close } = await loadDecoder({ ...options, folder });
    const before = await generateAlone(engine, golden[0]!.prompt_ids, 4);

    renameSync(path.join(folder, 'onnx'), path.join(folder, 'away'));
    await workers.at(-1)!.terminate();
    await expect(engine.recover()).rejects.toMatchObject({ code: 'invalid_model' });
    renameSync(path.join(folder, 'away'), path.join(folder, 'onnx'));
    await engine.recover();
    expect(await generateAlone(engine, golden[0]!.prompt_ids, 4)).toEqual(before);

    await close();
    rmSync(path.dirname(folder), { recursive: true });
  });
});

describe('two replicas of a model', () => {
  it('do not notice when the other is lost between steps', async () => {
    const { loadDecoder } = await import('#octavo/models/load-model.js');
    const { Batcher } = await import('#octavo/batcher/batcher.js');
    const { Router } = await import('#octavo/batcher/router.js');
    const before = workers.length;
    const loaded = await loadDecoder({ ...options, folder: embeddedModel, replicas: 2 });
    const [first, second] = workers.slice(before);
    const steps = [0, 0];
    const router = new Router(
      loaded.replicas.map((engine, index) => {
        // Before a step, never within one: that would end the process.
        const step: DecoderEngine['step'] = async (work) => {
          steps[index]! += 1;
          if (index === 0 && steps[index] === 4) await first!.terminate();
          return engine.step(work);
        };
        return new Batcher({
          engine: new Proxy(engine, {
            get: (target, name) => {
              if (name === 'step') return step;
              const value = Reflect.get(target, name, target);
              return typeof value === 'function' ? value.bind(target) : value;
            },
          }),
          detokenizer: () => ({ push: (id) => `${id} `, flush: () => '' }),
          scheduler: { chunkTokens: 64, prefillTokens: 128, maxWaste: 0.5, messageMs: 0, grouping: 'length' },
          queue: { sequences: 10, promptTokens: 10_000 },
          clock: () => performance.now(),
          events: { step: () => {}, finished: () => {} },
        });
      }),
    );
    const prompt = golden[0]!.prompt_ids;
    const submit = () => hear(router.submit({ prompt, maxTokens: 12, sampling: greedy, tenant: '', stopStrings: [] }));
    const heard = await Promise.all([submit(), submit(), submit(), submit()]);
    const failed = heard.filter(({ error }) => error !== null);
    expect(failed).toHaveLength(2);
    for (const { error } of failed) expect(error).toMatchObject({ code: 'engine_failed' });
    const texts = heard.filter(({ error }) => error === null).map(({ text }) => text);
    // The lost replica comes back, and says the same.
    await turnsUntil(() => router.replicas[0]!.healthy);
    const after = await Promise.all([submit(), submit()]);
    expect(new Set([...texts, ...after.map(({ text }) => text)]).size).toBe(1);
    expect(steps[0]).toBeGreaterThan(4);
    expect(workers.length).toBe(before + 3);
    expect(second).toBe(workers[before + 1]);
    await loaded.close();
  });
});

/** For what other threads do: waits by timers, without an end of its own. */
async function turnsUntil(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe('a replica', () => {
  let loaded: LoadedDecoder;

  beforeAll(async () => {
    const { loadDecoder } = await import('#octavo/models/load-model.js');
    loaded = await loadDecoder({ ...options, folder: embeddedModel });
  });

  afterAll(async () => {
    await loaded.close();
  });

  it('goes on with a new thread after the old one is lost between steps', async () => {
    const { engine } = loaded;
    const { prompt_ids } = golden[0]!;
    const before = await generateAlone(engine, prompt_ids, 8);

    const lost = workers.at(-1)!;
    await lost.terminate();
    const decode = { moves: [], work: { kind: 'decode', rows: 1, rounds: 1 } } as const;
    await expect(engine.step(decode)).rejects.toMatchObject({ code: 'engine_failed' });
    await engine.recover();

    expect(workers.at(-1)).not.toBe(lost);
    expect(await generateAlone(engine, prompt_ids, 8)).toEqual(before);
  });

  it('ends a decode step after its round when it is interrupted, and not the next one', async () => {
    const { engine } = loaded;
    await generateAlone(engine, golden[0]!.prompt_ids.slice(0, 20), 1);
    const decode = { moves: [], work: { kind: 'decode', rows: 1, rounds: 20 } } as const;
    const interrupted = engine.step(decode);
    engine.interrupt();
    expect((await interrupted).rounds).toBe(1);
    expect((await engine.step(decode)).rounds).toBe(20);
  });

  it('lets the memory of its rows go when nothing happens for a while, and goes on as before', async () => {
    const { engine } = loaded;
    const { ModelThread } = await import('#octavo/models/worker/model-thread.js');
    const { idleMs } = await import('#octavo/models/decoder/replica.js');
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const rest = vi.spyOn(ModelThread.prototype, 'rest');
    const before = await generateAlone(engine, golden[0]!.prompt_ids, 4);
    await vi.advanceTimersByTimeAsync(idleMs - 1);
    expect(rest).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(rest).toHaveBeenCalledTimes(1);
    vi.useRealTimers();
    await rest.mock.results[0]!.value;
    // The rows are gone, as after a restart.
    const decode = { moves: [], work: { kind: 'decode', rows: 1, rounds: 1 } } as const;
    await expect(engine.step(decode)).rejects.toThrow(/row 0 holds a sequence/);
    await engine.recover();
    expect(await generateAlone(engine, golden[0]!.prompt_ids, 4)).toEqual(before);
    rest.mockRestore();
  });

  it('survives a step that the model cannot run', async () => {
    const { engine } = loaded;
    const chunks = [{ ids: [1, 4096 * 4], past: 0, sampling: greedy }];
    const impossible = { moves: [], work: { kind: 'prefill', firstRow: 0, chunks } } as const;
    await expect(engine.step(impossible)).rejects.toMatchObject({ code: 'internal_error' });
    await engine.recover();
    expect(await generateAlone(engine, golden[0]!.prompt_ids, 3)).toHaveLength(3);
  });
});
