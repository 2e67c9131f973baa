/**
 * What HTTP costs: 32 streams that ask again as soon as they end, over HTTP from another process and on the batcher itself,
 * in alternation. Tokens/s of both, and their ratio. Prints the table of docs/performance.md.
 *
 *   npm run bench:http-share -- [rounds]
 */
import { fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { Batcher } from '../dist/batcher/batcher.js';
import { defaultLimits } from '../dist/batcher/scheduler.js';
import { greedy } from '../dist/models/decoder/sampling.js';
import { loadModel } from '../dist/models/load-model.js';
import { startOctavo } from './octavo-server.mjs';
import { promptIds } from './peers/cases.mjs';
import { octavoModel } from './peers/octavo-model.mjs';
import { streamCompletion } from './peers/streamed-completion.mjs';

const [streams, prompt, tokens, context] = [32, 64, 96, 512];
const seconds = 15;
const rounds = process.argv[2] ?? '3';
/** Of random weights whose every token has a text, so that each one can be seen to come. */
const folder = await octavoModel('qwen2.5-0.5b');

if (process.send) {
  process.send(await inProcess());
  process.exit(0);
}
console.log('| round | in process, tokens/s | over HTTP, tokens/s | ratio |\n|---|---|---|---|');
for (let round = 1; round <= Number(rounds); round++) {
  const [plain, http] = [await forked(), await overHttp()];
  console.log(`| ${round} | ${plain.toFixed(0)} | ${http.toFixed(0)} | ${(http / plain).toFixed(2)} |`);
}

/** In a process of its own, so that none holds two models. */
async function forked() {
  const process = fork(new URL(import.meta.url));
  return new Promise((resolve, reject) => {
    process.once('message', resolve);
    process.once('exit', (code) => reject(new Error(`The engine's process ended (${code}).`)));
  });
}

async function inProcess() {
  const { engine, model, close } = await loadModel({
    ...{ folder, name: null, rows: streams, context, prefixCache: 0 },
    ...{ runtime: 'auto', device: 'cpu', threads: availableParallelism() },
  });
  const batcher = new Batcher({
    ...{ engine, detokenizer: () => model.tokenizer.stream(), scheduler: defaultLimits },
    queue: { sequences: 2 * streams, promptTokens: 1 << 20 },
    ...{ clock: () => performance.now(), events: { step: () => {}, finished: () => {} } },
  });
  const rate = await load(async (ids) => {
    const request = { prompt: ids, maxTokens: tokens, sampling: greedy, tenant: '', stopStrings: [] };
    const times = [];
    for await (const { text } of batcher.submit(request)) if (text !== '') times.push(performance.now());
    return times;
  });
  await close();
  return rate;
}

async function overHttp() {
  const flags = ['--model', folder, '--name', 'model', '--rows', streams, '--context', context, '--prefix-cache', 0];
  const { url, close } = await startOctavo(flags.map(String));
  const rate = await load(async (ids) => {
    const started = performance.now();
    const { pieces } = await streamCompletion(url, { prompt: ids, tokens });
    return pieces.map((time) => started + time);
  }).finally(close);
  return rate;
}

/**
 * Tokens a second of all streams, after a warm-up of a fifth of the time. `generate` gives the times of a generation's pieces of
 * text; a piece may be more than one token, so the tokens are spread evenly over the pieces.
 */
async function load(generate) {
  const begin = performance.now() + 200 * seconds;
  const end = begin + 1000 * seconds;
  let count = 0;
  const ask = async (index) => {
    const times = await generate(promptIds(index, { prompt }));
    count += (tokens * times.filter((time) => time >= begin && time < end).length) / times.length;
  };
  await Promise.all(
    Array.from({ length: streams }, async (_, stream) => {
      for (let i = 0; performance.now() < end; i++) await ask(stream + i * streams);
    }),
  );
  return count / seconds;
}
