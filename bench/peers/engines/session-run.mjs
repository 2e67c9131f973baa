/** onnxruntime-node by itself: `session.run` with the cache as feeds and results, as its documentation shows. Decode alone. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { runProgram } from '../cache.mjs';
import { octavoModel } from '../octavo-model.mjs';
import { median } from '../rates.mjs';

const script = new URL('../../session-run.mjs', import.meta.url).pathname;
const dependencies = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')).dependencies;

export const peer = {
  name: "onnxruntime-node, Octavo's file",
  version: async () => dependencies['onnxruntime-node'],
  prepare: async (shape) => void (await octavoModel(shape)),
  async open({ shape, threads }) {
    const folder = await octavoModel(shape);
    const { graph } = JSON.parse(readFileSync(path.join(folder, 'manifest.json'), 'utf8'));
    const run = async ({ rows, prompt, steps, capacity }) => {
      const args = [script, path.join(folder, graph), rows, capacity, prompt, steps, threads].map(String);
      const { times } = JSON.parse(await runProgram(process.execPath, args));
      return { decode: (1000 * rows) / median(times), prefill: null, firstTokenMs: null };
    };
    return { run, close: async () => {} };
  },
};
