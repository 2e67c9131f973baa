/**
 * One prompt of 4,000 tokens beside 20 short ones, in the batcher on the real engine: times to the first token of the
 * short ones alone, of all when they arrive together, and of the long one when the others only decode beside it. Prints
 * the table of docs/performance.md.
 *
 *   npm run bench:long-prompt -- <model folder> [rounds]
 */
import { availableParallelism } from 'node:os';
import { performance } from 'node:perf_hooks';
import { Batcher } from '../dist/batcher/batcher.js';
import { defaultLimits } from '../dist/batcher/scheduler.js';
import { greedy } from '../dist/models/decoder/sampling.js';
import { loadModel } from '../dist/models/load-model.js';
import { promptIds } from '../dist/models/receipt/engine-runs.js';

const folder = process.argv[2];
const rounds = Number(process.argv[3] ?? 3);
if (folder === undefined)
  throw new Error('Name a model folder, for example one of "octavo build --random qwen2.5-0.5b".');

const longLength = 4000;
const maxTokens = 64;
/** 16 to 64 tokens, in no order. */
const shortLengths = Array.from({ length: 20 }, (_, index) => 16 + ((index * 29) % 49));
const { engine, model, close } = await loadModel({
  ...{ folder, name: null, rows: 32, context: 4608, prefixCache: 0 },
  ...{ runtime: 'auto', device: 'cpu', threads: availableParallelism() },
});
const batcher = new Batcher({
  engine,
  detokenizer: () => ({ push: (id) => `${id} `, flush: () => '' }),
  scheduler: defaultLimits,
  queue: { sequences: 100, promptTokens: 1 << 20 },
  clock: () => performance.now(),
  events: { step: () => {}, finished: () => {} },
});

await firstTokens([submit(0, 64)]);
console.log(
  '| | short alone, p95 s | with the long one, p95 s | ratio | long, others decoding, s | with all, s | ratio |',
);
console.log('|---|---|---|---|---|---|---|');
for (let round = 1; round <= rounds; round++) {
  const alone = await firstTokens(shortLengths.map((length, index) => submit(index, length)));
  const [longTogether, ...together] = await firstTokens([
    submit(99, longLength),
    ...shortLengths.map((length, index) => submit(index, length)),
  ]);
  const decoding = shortLengths.map((length, index) => submit(index, length));
  await Promise.all(decoding.map(({ started }) => started));
  const [longAfter] = await firstTokens([submit(99, longLength), ...decoding]);
  const cells = [
    p95(alone),
    p95(together),
    p95(together) / p95(alone),
    longAfter,
    longTogether,
    longTogether / longAfter,
  ];
  console.log(`| ${round} | ${cells.map((value) => value.toFixed(2)).join(' | ')} |`);
}
await close();

function submit(seed, length) {
  const prompt = promptIds(seed, length, model.tokenizer.vocabSize);
  const generation = batcher.submit({ prompt, maxTokens, sampling: greedy, tenant: '', stopStrings: [] });
  const reader = generation[Symbol.asyncIterator]();
  return { generation, reader, started: reader.next() };
}

/** Seconds from arrival to the first token of each, when all have ended. */
async function firstTokens(submitted) {
  for (const { reader, started } of submitted) {
    let { value, done } = await started;
    while (!done && value.finish === null) ({ value, done } = await reader.next());
  }
  return submitted.map(({ generation: { timings } }) => (timings.queueMs + timings.prefillMs) / 1000);
}

function p95(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * 0.95)];
}
