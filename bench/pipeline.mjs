/**
 * One model on two groups of layers, a thread each, against the whole on one thread and on two: milliseconds of a step, medians. What
 * the cut costs is what the two groups take longer than one thread does; what working at once brings is how near they come to two.
 *
 *   npm run bench:pipeline -- <model folder> [rounds]
 */
import { greedy } from '../dist/models/decoder/sampling.js';
import { loadDecoder } from '../dist/models/load-model.js';
import { promptIds } from './peers/cases.mjs';

const [folder, rounds = '2'] = process.argv.slice(2);
if (folder === undefined) throw new Error('Name a model folder.');
const ways = [
  { name: 'one thread', device: 'cpu', threads: 1 },
  { name: 'two threads', device: 'cpu', threads: 2 },
  { name: 'two groups, a thread each', device: 'cpu+cpu', threads: 2 },
];
const kinds = [
  ...[1, 4, 16, 32].map((rows) => ({ name: `decode, ${rows} rows`, rows, length: 1 })),
  { name: 'prefill, 8 prompts of 64', rows: 8, length: 64 },
];
/** Steps before those that count: a pipeline tries one batch and several in these. */
const warmup = 10;

const engines = [];
for (const { device, threads } of ways) {
  const options = { folder, name: null, rows: 32, context: 256, runtime: 'auto', device, threads };
  engines.push(await loadDecoder(options));
}
const times = new Map();
for (let round = 0; round < Number(rounds); round++) {
  for (const kind of kinds) {
    for (const [index, { engine }] of engines.entries()) {
      const key = `${kind.name} ${index}`;
      times.set(key, [...(times.get(key) ?? []), ...(await measure(engine, kind))]);
    }
  }
}
console.log(`| milliseconds | ${ways.map(({ name }) => name).join(' | ')} |\n|---|${'---|'.repeat(ways.length)}`);
for (const { name } of kinds) {
  const cells = ways.map((_, index) => describe(times.get(`${name} ${index}`)));
  console.log(`| ${[name, ...cells].join(' | ')} |`);
}
for (const { close } of engines) await close();

async function measure(engine, { rows, length }) {
  const prefill = (tokens) => {
    const chunks = Array.from({ length: rows }, (_, row) => ({
      ...{ ids: promptIds(row, { prompt: tokens }), past: 0, sampling: greedy },
    }));
    return engine.step({ moves: [], work: { kind: 'prefill', firstRow: 0, chunks } });
  };
  const steps = [];
  if (length === 1) await prefill(32);
  for (let i = 0; i < warmup + (length === 1 ? 40 : 5); i++) {
    const step = length > 1 ? prefill(length) : engine.step({ moves: [], work: { kind: 'decode', rows, rounds: 1 } });
    const { modelMs } = await step;
    if (i >= warmup) steps.push(modelMs);
  }
  return steps;
}

function describe(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share) => sorted[Math.floor(share * (sorted.length - 1))].toFixed(1);
  return `${at(0.5)} (${at(0.1)}–${at(0.9)})`;
}
