/**
 * What lies between two runs of the model in its worker thread: the way there and back, and the batcher. The batcher on
 * the real engine, one round a message against as many as fit its time, in alternation. Prints the table of
 * docs/performance.md.
 *
 *   npm run bench:thread-hop -- [model folder] [rounds of measurement]
 */
import { availableParallelism } from 'node:os';
import { performance } from 'node:perf_hooks';
import { Batcher } from '../dist/batcher/batcher.js';
import { defaultLimits } from '../dist/batcher/scheduler.js';
import { embeddedModel } from '../dist/config.js';
import { greedy } from '../dist/models/decoder/sampling.js';
import { loadModel } from '../dist/models/load-model.js';
import { promptIds } from '../dist/models/receipt/engine-runs.js';

const folder = process.argv[2] || embeddedModel;
const repeat = Number(process.argv[3] ?? 5);
const maxTokens = 96;

const { engine, model, close } = await loadModel({
  ...{ folder, name: null, rows: 32, context: 512, prefixCache: 0 },
  ...{ runtime: 'auto', provider: 'cpu', threads: availableParallelism() },
});

console.log(`${model.id}, ${maxTokens} tokens a row, ${repeat} pairs\n`);
console.log('| rows | one round a message, tokens/s | outside | several, tokens/s | outside | rounds a message |');
console.log('|---|---|---|---|---|---|');
for (const rows of [1, 4, 16, 32]) {
  await measure(rows, 0);
  const pairs = [];
  for (let i = 0; i < repeat; i++) pairs.push([await measure(rows, 0), await measure(rows, defaultLimits.messageMs)]);
  const [one, several] = [0, 1].map((kind) => (key) => median(pairs.map((pair) => pair[kind][key])));
  const share = (value) => `${(100 * value).toFixed(1)}%`;
  const cells = [one('rate').toFixed(0), share(one('outside')), several('rate').toFixed(0), share(several('outside'))];
  console.log(`| ${[rows, ...cells, several('rounds')].join(' | ')} |`);
}
await close();

/** Of the median message: tokens per second, the share of its time outside the worker, and runs of the model. */
async function measure(rows, messageMs) {
  const messages = [];
  let last = null;
  const step = ({ kind, tokens, rounds, modelMs, sampleMs }) => {
    const now = performance.now();
    if (kind === 'decode' && last !== null) {
      const ms = now - last;
      messages.push({ rate: (1000 * tokens) / ms, outside: 1 - (modelMs + sampleMs) / ms, rounds });
    }
    last = kind === 'decode' ? now : null;
  };
  const batcher = new Batcher({
    engine,
    detokenizer: () => model.tokenizer.stream(),
    scheduler: { ...defaultLimits, messageMs },
    queue: { sequences: 100, promptTokens: 1 << 20 },
    clock: () => performance.now(),
    events: { step, finished: () => {} },
  });
  for (let row = 0; row < rows; row++) {
    const prompt = promptIds(row, 64, model.tokenizer.vocabSize);
    batcher.submit({ prompt, maxTokens, sampling: greedy, tenant: '', stopStrings: [] });
  }
  await batcher.drain();
  const middle = (key) => median(messages.map((message) => message[key]));
  return { rate: middle('rate'), outside: middle('outside'), rounds: middle('rounds') };
}

function median(values) {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}
