/**
 * What sampling adds to a decode step: the engine in its worker thread, greedy and by several ways of sampling, each
 * after prompts of 100 tokens. Prints the table of docs/performance.md.
 *
 *   npm run bench:sampling -- <model folder> [rows]
 */
import { availableParallelism } from 'node:os';
import { greedy } from '../dist/models/decoder/sampling.js';
import { loadModel } from '../dist/models/load-model.js';
import { promptIds } from '../dist/models/receipt/engine-runs.js';

const folder = process.argv[2];
const rows = Number(process.argv[3] ?? 32);
if (folder === undefined)
  throw new Error('Name a model folder, for example one of "octavo build --random qwen2.5-0.5b".');

const steps = 24;
const warmUps = 3;
const ways = {
  greedy: {},
  'temperature 1': { temperature: 1 },
  'temperature 1, top_p 0.9': { temperature: 1, topP: 0.9 },
  'temperature 0.1, top_p 0.9': { temperature: 0.1, topP: 0.9 },
  'temperature 1, top_k 50': { temperature: 1, topK: 50 },
  'temperature 0.7, top_k 50, top_p 0.9, min_p 0.02': { temperature: 0.7, topK: 50, topP: 0.9, minP: 0.02 },
};

const { engine, model, close } = await loadModel({
  ...{ folder, name: null, rows, context: 512 },
  ...{ runtime: 'auto', device: 'cpu', threads: availableParallelism() },
});
console.log(`| ${rows} rows | model, ms | sampling, ms | share |\n|---|---|---|---|`);
for (const [name, way] of Object.entries(ways)) {
  for (let row = 0; row < rows; row++) {
    const chunk = {
      ids: promptIds(row, 100, model.tokenizer.vocabSize),
      past: 0,
      sampling: { ...greedy, ...way, seed: row },
    };
    await engine.step({ moves: [], work: { kind: 'prefill', firstRow: row, chunks: [chunk] } });
  }
  const results = [];
  for (let i = 0; i < steps + warmUps; i++)
    results.push(await engine.step({ moves: [], work: { kind: 'decode', rows, rounds: 1 } }));
  const measured = results.slice(warmUps);
  const [modelMs, sampleMs] = ['modelMs', 'sampleMs'].map((part) => median(measured.map((result) => result[part])));
  const share = (100 * sampleMs) / (modelMs + sampleMs);
  console.log(`| ${name} | ${modelMs.toFixed(1)} | ${sampleMs.toFixed(2)} | ${share.toFixed(1)}% |`);
}
await close();

function median(values) {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}
