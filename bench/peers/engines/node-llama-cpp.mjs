/** node-llama-cpp with its prebuilt llama.cpp: a sequence for each row in one context, `evaluate` at temperature 0. */
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { npmPackages } from '../cache.mjs';
import { promptIds } from '../cases.mjs';
import { gguf } from '../gguf.mjs';

const version = '3.22.1';
const install = () => npmPackages('node-llama-cpp', [`node-llama-cpp@${version}`]);

export function createPeer(quantisation) {
  return {
    name: `node-llama-cpp, ${quantisation}`,
    version: async () => version,
    async prepare(shape) {
      await install();
      await gguf(shape, quantisation);
    },
    async open({ shape, threads, rows, capacity }) {
      const entry = path.join(await install(), 'node_modules/node-llama-cpp/dist/index.js');
      const { getLlama } = await import(pathToFileURL(entry));
      const llama = await getLlama({ gpu: false, build: 'never', logLevel: 'error', maxThreads: threads });
      const model = await llama.loadModel({ modelPath: await gguf(shape, quantisation) });
      const context = await model.createContext({ sequences: rows, contextSize: capacity, threads });
      // Taken once: what is disposed of is not there again at once.
      const sequences = Array.from({ length: rows }, () => context.getSequence());
      return { run: (plan) => evaluateAll(sequences.slice(0, plan.rows), plan), close: () => llama.dispose() };
    },
  };
}

async function evaluateAll(sequences, plan) {
  const started = performance.now();
  const times = await Promise.all(
    sequences.map(async (sequence, row) => {
      const seen = [];
      for await (const _ of sequence.evaluate(promptIds(row, plan), { temperature: 0 })) {
        seen.push(performance.now() - started);
        if (seen.length === plan.steps + plan.stagger) break;
      }
      return seen;
    }),
  );
  for (const sequence of sequences) await sequence.clearHistory();
  return times;
}
