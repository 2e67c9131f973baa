/**
 * What a classifier beside the rules costs the model: decode steps of 32 rows alone, and while the moderator reads what 32
 * streams would have written, a token of each a step, in the windows of the safety filter. The pairs alternate. Prints the
 * table of docs/performance.md.
 *
 *   npm run bench:moderation -- <model folder> <encoder folder> [pairs] [tokens of a window, for random weights]
 */
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { performance } from 'node:perf_hooks';
import { EncodeBatcher } from '../dist/batcher/encode-batcher.js';
import { defaultBatchTokens } from '../dist/batcher/encode-scheduler.js';
import { greedy } from '../dist/models/decoder/sampling.js';
import { loadModel } from '../dist/models/load-model.js';
import { promptIds } from '../dist/models/receipt/engine-runs.js';
import { defaultWindows, TextWindows } from '../dist/safety/text-windows.js';

const [decoderFolder, encoderFolder, pairs = '5', windowTokens] = process.argv.slice(2);
if (encoderFolder === undefined) throw new Error('Name a model folder that generates and one that encodes.');
const rows = 32;
const steps = 16;
const options = { name: null, rows, context: 512, runtime: 'auto', device: 'cpu' };
const model = await loadModel({ ...options, folder: decoderFolder, threads: availableParallelism() });
const encoder = await loadModel({ ...options, folder: encoderFolder, threads: 1 });
const batcher = new EncodeBatcher({
  engine: encoder.engine,
  batch: { tokens: defaultBatchTokens, grouping: 'length' },
  queue: { sequences: 4096, promptTokens: 1 << 20 },
  clock: () => performance.now(),
  events: { step: () => {}, queued: () => {} },
});

/** Windows of a long text, as token ids, and the new tokens that each stands for. */
const pages = ['architecture', 'models', 'operations', 'safety'].map((name) => readFileSync(`docs/${name}.md`, 'utf8'));
const windows = pages.flatMap((page) => [...new TextWindows(defaultWindows).push(page)]);
// A random model's tokenizer knows bytes alone: its windows would be four times as long as a trained one's.
const texts = await Promise.all(
  windows.map(({ text }, index) =>
    windowTokens === undefined
      ? encoder.model.tokenizer.encode(text, { addSpecialTokens: true })
      : promptIds(index, Number(windowTokens), encoder.model.tokenizer.vocabSize),
  ),
);
// A token of a language model is four characters of English, or a little more.
const newTokens = pages.reduce((sum, { length }) => sum + length, 0) / 4 / windows.length;

const times = { alone: [], moderated: [] };
const encodeMs = [];
await decode(null);
for (let pair = 0; pair < Number(pairs); pair++) {
  for (const kind of pair % 2 ? ['moderated', 'alone'] : ['alone', 'moderated']) {
    times[kind].push(median(await decode(kind === 'moderated' ? batcher : null)));
  }
}
const ratios = times.moderated.map((ms, pair) => ms / times.alone[pair]).toSorted((a, b) => a - b);
const cells = [median(times.alone), median(times.moderated)].map((ms) => ms.toFixed(1));
const range = `${percent(ratios[0])} to ${percent(ratios.at(-1))}`;
console.log(`${windows.length} windows of ${newTokens.toFixed(0)} new tokens each, ${mean(texts)} tokens to read`);
console.log(
  '| step alone, ms | step with the moderator, ms | more | in pairs | verdict after, ms |\n|---|---|---|---|---|',
);
console.log(`| ${cells.join(' | ')} | ${percent(median(ratios))} | ${range} | ${median(encodeMs).toFixed(0)} |`);
await batcher.drain();
await encoder.close();
await model.close();

/** Milliseconds of each step; with a moderator it is sent the windows that the steps would have filled. */
async function decode(moderator) {
  for (let row = 0; row < rows; row++) {
    const chunk = { ids: promptIds(row, 100, model.model.tokenizer.vocabSize), past: 0, sampling: greedy };
    await model.engine.step({ moves: [], work: { kind: 'prefill', firstRow: row, chunks: [chunk] } });
  }
  const all = [];
  const pending = [];
  let [owed, sent] = [0, 0];
  for (let step = 0; step < steps; step++) {
    const started = performance.now();
    owed += rows / newTokens;
    for (; moderator && sent < owed; sent++) pending.push(timed(moderator, texts[sent % texts.length]));
    await model.engine.step({ moves: [], work: { kind: 'decode', rows, rounds: 1 } });
    all.push(performance.now() - started);
  }
  await Promise.all(pending);
  return all;
}

async function timed(moderator, ids) {
  const started = performance.now();
  await moderator.encode({ texts: [ids] });
  encodeMs.push(performance.now() - started);
}

function median(values) {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}

function mean(lists) {
  return (lists.reduce((sum, { length }) => sum + length, 0) / lists.length).toFixed(0);
}

function percent(ratio) {
  return `${((ratio - 1) * 100).toFixed(1)}%`;
}
