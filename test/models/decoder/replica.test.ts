/** A decoder's worker thread that is lost: its rows fail with one clear error, and a new thread takes over. */
import { cpSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { greedy } from '#octavo/models/decoder/sampling.js';
import type { LoadedDecoder } from '#octavo/models/load-model.js';
import { embeddedModel, golden } from '../../support/concierge.js';
import { recordWorkers } from '../../support/record-workers.js';
import { generateAlone } from '../../support/steps.js';

const workers = recordWorkers();
const options = { name: null, rows: 2, context: 128, runtime: 'auto', provider: 'auto', threads: 1 } as const;

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
    // The attempt that began when the last one failed may have come too early.
    await engine.recover().catch(() => engine.recover());
    expect(await generateAlone(engine, golden[0]!.prompt_ids, 4)).toEqual(before);

    await close();
    rmSync(path.dirname(folder), { recursive: true });
  });
});

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

  it('survives a step that the model cannot run', async () => {
    const { engine } = loaded;
    const chunks = [{ ids: [1, 4096 * 4], past: 0, sampling: greedy }];
    const impossible = { moves: [], work: { kind: 'prefill', firstRow: 0, chunks } } as const;
    await expect(engine.step(impossible)).rejects.toMatchObject({ code: 'internal_error' });
    await engine.recover();
    expect(await generateAlone(engine, golden[0]!.prompt_ids, 3)).toHaveLength(3);
  });
});
