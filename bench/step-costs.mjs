/**
 * What a step costs: times prefills, chunks and decode steps of the engine in its worker thread, fits milliseconds to
 * rows, padded tokens and attention, and prints the coefficients that the simulated scheduler runs use
 * (`test/support/step-costs.ts`) with how far they are off.
 *
 *   npm run bench:step-costs -- <model folder>
 */
import { availableParallelism } from 'node:os';
import { performance } from 'node:perf_hooks';
import { greedy } from '../dist/models/decoder/sampling.js';
import { loadModel } from '../dist/models/load-model.js';
import { promptIds } from '../dist/models/receipt/engine-runs.js';

const folder = process.argv[2];
if (folder === undefined)
  throw new Error('Name a model folder, for example one of "octavo build --random qwen2.5-0.5b".');

const rows = 32;
const chunkTokens = 256;
const longPrompt = 4096;
const { engine, model, close } = await loadModel({
  ...{ folder, name: null, rows, context: 4608 },
  ...{ runtime: 'auto', device: 'cpu', threads: availableParallelism() },
});
/** Each: what a step is made of, and its milliseconds. */
const measured = { prefill: [], decode: [] };
const cached = new Array(rows).fill(0);

await prompts({ firstRow: 0, count: 1, length: 64 });
measured.prefill.length = 0;
for (let round = 0; round < 3; round++) {
  for (const [count, length] of [
    [1, 16],
    [1, 32],
    [1, 64],
    [1, 128],
    [1, 256],
    [4, 16],
    [4, 64],
    [8, 32],
    [8, 64],
    [2, 256],
    [16, 32],
  ])
    await prompts({ firstRow: 0, count, length });
}
await prompts({ firstRow: 0, count: 16, length: 32 });
await prompts({ firstRow: 16, count: 16, length: 32 });
for (const count of [1, 2, 4, 8, 16, 24, 32]) await decode(count);
for (let row = 0; row < 12; row++) {
  await inChunks(row, row === 0 ? longPrompt : 1024);
  if ([0, 1, 3, 7, 11].includes(row)) await decode(row + 1);
}
for (const count of [16, 24, 32]) await decode(count);
await close();

for (const [kind, names] of [
  ['prefill', ['step', 'paddedToken', 'thousandPairs']],
  ['decode', ['step', 'row', 'thousandCached']],
]) {
  const samples = medians(measured[kind]);
  const coefficients = leastSquares(samples);
  const errors = samples.map(({ parts, ms }) => Math.abs(dot(parts, coefficients) / ms - 1));
  const shown = names.map((name, index) => `${name}: ${coefficients[index].toFixed(4)}`).join(', ');
  console.log(
    `${kind}: { ${shown} } ms; off by ${percent(median(errors))} in the median, ${percent(quantile(errors, 0.9))} at p90`,
  );
}
for (const [kind, list] of Object.entries(measured))
  for (const { label, ms } of list) console.log(`${kind} ${label}: ${ms.toFixed(1)} ms`);

/** Prompts from their first token, together. */
async function prompts({ firstRow, count, length }) {
  const chunks = Array.from({ length: count }, (_, row) => ({ ...chunk(firstRow + row, length, 0), sampling: greedy }));
  const ms = await timed({ kind: 'prefill', firstRow, chunks });
  cached.fill(length, firstRow, firstRow + count);
  const parts = [1, count * length, (count * length * length) / 2 / 1000];
  measured.prefill.push({ label: `${count} x ${length}`, parts, ms });
}

/** One prompt in chunks, as the scheduler cuts it. */
async function inChunks(row, length) {
  for (let past = 0; past < length; past += chunkTokens) {
    const sampling = past + chunkTokens < length ? {} : { sampling: greedy };
    const work = { kind: 'prefill', firstRow: row, chunks: [{ ...chunk(row, chunkTokens, past), ...sampling }] };
    const ms = await timed(work);
    const parts = [1, chunkTokens, (chunkTokens * (past + chunkTokens / 2)) / 1000];
    measured.prefill.push({ label: `${chunkTokens} after ${past}`, parts, ms });
  }
  cached[row] = length;
}

async function decode(count) {
  const times = [];
  for (let i = 0; i < 9; i++) times.push(await timed({ kind: 'decode', rows: count, rounds: 1 }));
  for (let row = 0; row < count; row++) cached[row] += times.length;
  const tokens = cached.slice(0, count).reduce((sum, length) => sum + length, 0);
  measured.decode.push({
    label: `${count} rows, ${tokens} cached`,
    parts: [1, count, tokens / 1000],
    ms: median(times),
  });
}

function chunk(row, length, past) {
  return { ids: promptIds(row, length, model.tokenizer.vocabSize), past };
}

/** Milliseconds from sending the step to its result. */
async function timed(work) {
  const started = performance.now();
  await engine.step({ moves: [], work });
  return performance.now() - started;
}

/** Steps of one kind count once: other programs may have disturbed one of them. */
function medians(samples) {
  const labels = new Set(samples.map(({ label }) => label));
  const alike = [...labels].map((label) => samples.filter((sample) => sample.label === label));
  return alike.map((same) => ({ ...same[0], ms: median(same.map(({ ms }) => ms)) }));
}

/** Least squares of the relative error; three coefficients, by Gauss's elimination. */
function leastSquares(samples) {
  const matrix = Array.from({ length: 3 }, () => [0, 0, 0, 0]);
  for (const { parts, ms } of samples) {
    const scaled = [...parts.map((part) => part / ms), 1];
    for (let i = 0; i < 3; i++) for (let j = 0; j < 4; j++) matrix[i][j] += scaled[i] * scaled[j];
  }
  for (let pivot = 0; pivot < 3; pivot++) {
    for (let row = 0; row < 3; row++) {
      if (row === pivot) continue;
      const factor = matrix[row][pivot] / matrix[pivot][pivot];
      for (let j = pivot; j < 4; j++) matrix[row][j] -= factor * matrix[pivot][j];
    }
  }
  return matrix.map((row, index) => row[3] / row[index]);
}

function dot(parts, coefficients) {
  return parts.reduce((sum, part, index) => sum + part * coefficients[index], 0);
}

function median(values) {
  return quantile(values, 0.5);
}

function quantile(values, share) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * share)];
}

function percent(share) {
  return `${(100 * share).toFixed(0)}%`;
}
