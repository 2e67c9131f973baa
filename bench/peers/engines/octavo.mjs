/** Octavo in this process: the batcher on the engine in its worker thread, as the server has them. */
import { readFileSync } from 'node:fs';
import { Batcher } from '../../../dist/batcher/batcher.js';
import { defaultLimits } from '../../../dist/batcher/scheduler.js';
import { greedy } from '../../../dist/models/decoder/sampling.js';
import { loadModel } from '../../../dist/models/load-model.js';
import { promptIds } from '../cases.mjs';
import { octavoModel } from '../octavo-model.mjs';

const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'));

export const peer = peerOf('Octavo, INT8 (W8A8)', []);

/** `kvCache`: what keys and values are kept as. */
export const createPeer = (kvCache) =>
  peerOf(`Octavo, INT8 (W8A8), cache in ${kvCache.toUpperCase()}`, ['--kv-cache', kvCache]);

function peerOf(name, flags) {
  const folderOf = (shape) => octavoModel(shape, 'int8', flags);
  return {
    name,
    version: async () => version,
    prepare: async (shape) => void (await folderOf(shape)),
    open: async ({ shape, ...sizes }) => openOctavo({ ...sizes, folder: await folderOf(shape), device: 'cpu' }),
  };
}

/** `folder`: a model folder; `device` as in `--device`; `ortLibrary`: another build of ONNX Runtime. `about`: how the model is run. */
export async function openOctavo({ rows, capacity, ...options }) {
  const loaded = await loadModel({ ...options, name: null, rows, context: capacity, prefixCache: 0, runtime: 'auto' });
  const batcher = new Batcher({
    engine: loaded.engine,
    detokenizer: () => ({ push: (id) => `${id} `, flush: () => '' }),
    scheduler: defaultLimits,
    queue: { sequences: rows, promptTokens: 1 << 20 },
    clock: () => performance.now(),
    events: { step: () => {}, finished: () => {} },
  });
  return { about: loaded.model.runtime, run: (plan) => submitAll(batcher, plan), close: loaded.close };
}

async function submitAll(batcher, plan) {
  const started = performance.now();
  const rows = Array.from({ length: plan.rows }, async (_, row) => {
    const maxTokens = plan.steps + plan.stagger;
    const request = { prompt: promptIds(row, plan), maxTokens, sampling: greedy, tenant: '', stopStrings: [] };
    const [times, tokens] = [[], []];
    for await (const { text } of batcher.submit(request)) {
      for (const id of text.split(' ').slice(0, -1)) {
        times.push(performance.now() - started);
        tokens.push(Number(id));
      }
    }
    return { times, tokens };
  });
  const done = await Promise.all(rows);
  return { times: done.map(({ times }) => times), tokens: done[0].tokens };
}
