/**
 * Time to the first token of a second turn: 1,500 tokens that the engine knows from the first, and 40 new ones, against
 * the same prompt computed from its first token. In alternation, greedy. Prints the table of docs/performance.md.
 *
 *   npm run bench:prefix -- <model folder> [rounds]
 */
import { availableParallelism } from 'node:os';
import { Batcher } from '../dist/batcher/batcher.js';
import { defaultLimits } from '../dist/batcher/scheduler.js';
import { greedy } from '../dist/models/decoder/sampling.js';
import { loadModel } from '../dist/models/load-model.js';
import { promptIds } from '../dist/models/receipt/engine-runs.js';

const folder = process.argv[2];
const rounds = Number(process.argv[3] ?? 5);
if (folder === undefined)
  throw new Error('Name a model folder, for example one of "octavo build --random qwen2.5-0.5b".');

const [known, fresh] = [1500, 40];
const { engine, model, close } = await loadModel({
  ...{ folder, name: null, rows: 1, context: 2048, prefixCache: 512 },
  ...{ runtime: 'auto', device: 'cpu', threads: availableParallelism() },
});
const batcher = new Batcher({
  ...{ engine, detokenizer: () => model.tokenizer.stream(), scheduler: defaultLimits, clock: () => performance.now() },
  ...{ queue: { sequences: 10, promptTokens: 100_000 }, events: { step: () => {}, finished: () => {} } },
});

/** Milliseconds to the first token. */
async function firstToken(prompt, reused) {
  const generation = batcher.submit({ prompt, maxTokens: 1, sampling: greedy, stopStrings: [], tenant: '' });
  for await (const _ of generation);
  if (generation.reusedTokens !== reused) throw new Error(`${generation.reusedTokens} tokens were taken over`);
  return generation.timings.prefillMs;
}

const pairs = [];
for (let round = 0; round <= rounds; round++) {
  const history = promptIds(1000 + round, known, model.tokenizer.vocabSize);
  const cold = await firstToken([...history, ...promptIds(1, fresh, 1000)], 0);
  const warm = await firstToken([...history, ...promptIds(2, fresh, 1000)], Math.floor(known / 64) * 64);
  // The first round warms up.
  if (round > 0) pairs.push({ cold, warm, ratio: cold / warm });
}
await close();

const sorted = (part) => pairs.map((pair) => pair[part]).toSorted((a, b) => a - b);
const median = (part) => sorted(part)[pairs.length >> 1];
const ratios = sorted('ratio');
console.log('| from the first token, ms | with 1,472 tokens known, ms | ratio, median | ratio, lowest - highest |');
console.log('|---|---|---|---|');
const cells = [median('cold').toFixed(0), median('warm').toFixed(0), median('ratio').toFixed(1)];
console.log(`| ${cells.join(' | ')} | ${ratios[0].toFixed(1)} - ${ratios.at(-1).toFixed(1)} |`);
