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
import { embeddedModel } from '../dist/engine-options.js';
import { greedy } from '../dist/models/decoder/sampling.js';
import { loadModel } from '../dist/models/load-model.js';
import { promptIds } from '../dist/models/receipt/engine-runs.js';

const folder = process.argv[2] || embeddedModel;
const repeat = Number(process.argv[3] ?? 5);
const maxTokens = 96;

const { engine, model, close } = await loadModel({
  ...{ folder, name: null, rows: 32, context: 512, prefixCache: 0 },
  ...{ runtime: 'auto', device: 'cpu', threads: availableParallelism() },
});

console.log(`${model.id}, ${maxTokens} tokens a row, ${repeat} pairs\n`);
console.log(
  '| rows | a round, ms | outside the worker, one a message, ms | several, ms | rounds that fit | outside, one a message | outside, several |',
);
console.log('|---|---|---|---|---|---|---|');
for (const rows of [1, 4, 16, 32]) {
  await measure(rows, 0);
  const [one, several] = [[], []];
  for (let i = 0; i < repeat; i++) {
    one.push(...(await measure(rows, 0)));
    several.push(...(await measure(rows, defaultLimits.messageMs)));
  }
  // Other programs only ever add to a time: the quickest tenth is what the machine can do.
  const round = quick(one.map(({ inside }) => inside));
  const hop = quick(one.map(({ outside }) => outside));
  const rounds = Math.min(maxTokens, Math.max(1, Math.floor(defaultLimits.messageMs / round)));
  const seen = quick(several.map(({ outside }) => outside));
  const share = (outside, of) => `${((100 * outside) / (outside + of * round)).toFixed(1)}%`;
  const times = [round, hop, seen].map((ms) => ms.toFixed(3));
  console.log(`| ${[rows, ...times, rounds, share(hop, 1), share(seen, rounds)].join(' | ')} |`);
}
await close();

/** Of each decode message: milliseconds in the worker a round, and outside of it. */
async function measure(rows, messageMs) {
  const messages = [];
  let last = null;
  const step = ({ kind, rounds, modelMs, sampleMs }) => {
    const now = performance.now();
    if (kind === 'decode' && last !== null) {
      messages.push({ inside: (modelMs + sampleMs) / rounds, outside: now - last - modelMs - sampleMs });
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
  return messages;
}

/** What one in ten is below. */
function quick(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 10)];
}
