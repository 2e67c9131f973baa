/** Octavo in this process: the batcher on the engine in its worker thread, as the server has them. */
import { readFileSync } from 'node:fs';
import { Batcher } from '../../../dist/batcher/batcher.js';
import { defaultLimits } from '../../../dist/batcher/scheduler.js';
import { greedy } from '../../../dist/models/decoder/sampling.js';
import { loadModel } from '../../../dist/models/load-model.js';
import { promptIds } from '../cases.mjs';
import { octavoModel } from '../octavo-model.mjs';

const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'));

export const peer = {
  name: 'Octavo, INT8 (W8A8)',
  version: async () => version,
  prepare: async (shape) => void (await octavoModel(shape)),
  async open({ shape, threads, rows, capacity }) {
    const { engine, close } = await loadModel({
      ...{ folder: await octavoModel(shape), name: null, rows, context: capacity, prefixCache: 0 },
      ...{ runtime: 'auto', device: 'cpu', threads },
    });
    const batcher = new Batcher({
      engine,
      detokenizer: () => ({ push: (id) => `${id} `, flush: () => '' }),
      scheduler: defaultLimits,
      queue: { sequences: rows, promptTokens: 1 << 20 },
      clock: () => performance.now(),
      events: { step: () => {}, finished: () => {} },
    });
    return { run: (plan) => Promise.all(submitAll(batcher, plan)), close };
  },
};

function submitAll(batcher, plan) {
  const started = performance.now();
  return Array.from({ length: plan.rows }, async (_, row) => {
    const maxTokens = plan.steps + plan.stagger;
    const request = { prompt: promptIds(row, plan), maxTokens, sampling: greedy, tenant: '', stopStrings: [] };
    const times = [];
    for await (const { text } of batcher.submit(request)) {
      const tokens = text.split(' ').length - 1;
      for (let i = 0; i < tokens; i++) times.push(performance.now() - started);
    }
    return times;
  });
}
