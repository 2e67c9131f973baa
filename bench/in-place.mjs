/**
 * The engine against `session.run` on the same file: decode of 16 rows, capacities 512 and 2,048, in alternation, each
 * run in a process of its own. Prints the table of docs/performance.md.
 *
 *   npm run bench:in-place -- <model folder> [rounds]
 */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const folder = process.argv[2];
const rounds = Number(process.argv[3] ?? 5);
if (folder === undefined)
  throw new Error('Name a model folder, for example one of "octavo build --random qwen2.5-0.5b".');
const graph = path.join(folder, JSON.parse(readFileSync(path.join(folder, 'manifest.json'), 'utf8')).graph);

const rows = 16;
const past = 96;
const steps = 32;
const threads = availableParallelism();

console.log(`| capacity | session.run, tokens/s | in place, tokens/s | ratio, median | ratio, lowest - highest |`);
console.log('|---|---|---|---|---|');
for (const capacity of [512, 2048]) {
  const pairs = [];
  for (let round = 0; round < rounds; round++) {
    pairs.push({ plain: await sessionRun(capacity), inPlace: await engine(capacity) });
  }
  const ratios = pairs.map(({ plain, inPlace }) => inPlace / plain);
  const cells = [
    capacity,
    median(pairs.map(({ plain }) => plain)).toFixed(0),
    median(pairs.map(({ inPlace }) => inPlace)).toFixed(0),
    median(ratios).toFixed(1),
    `${Math.min(...ratios).toFixed(1)} - ${Math.max(...ratios).toFixed(1)}`,
  ];
  console.log(`| ${cells.join(' | ')} |`);
}

/** Tokens per second of the median step. */
async function sessionRun(capacity) {
  const script = new URL('./session-run.mjs', import.meta.url).pathname;
  const args = [script, graph, rows, capacity, past, steps, threads].map(String);
  const { stdout } = await run(process.execPath, args);
  return (1000 * rows) / median(JSON.parse(stdout).times);
}

async function engine(capacity) {
  const cli = new URL('../dist/cli.js', import.meta.url).pathname;
  const options = { model: folder, context: capacity, batch: rows, prompt: past, steps, repeat: 1, threads };
  const flags = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const { stdout } = await run(process.execPath, [cli, 'bench', '--json', ...flags], { maxBuffer: 1 << 24 });
  return JSON.parse(stdout).results[0].tokensPerSecond;
}

function median(values) {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}
