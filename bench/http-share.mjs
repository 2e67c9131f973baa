/**
 * What HTTP costs: 32 streams that ask again as soon as they end, over HTTP from another process and on the batcher itself,
 * in alternation. Tokens/s of both, and their ratio. Prints the table of docs/performance.md.
 *
 *   npm run bench:http-share -- [rounds]
 */
import { fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { load, openBatcher } from './in-process.mjs';
import { startOctavo } from './octavo-server.mjs';
import { octavoModel } from './peers/octavo-model.mjs';
import { streamCompletion } from './peers/streamed-completion.mjs';

const plan = { streams: 32, prompt: 64, tokens: 96, seconds: 15 };
const context = 512;
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
  const batcher = await openBatcher({ folder, rows: plan.streams, context, threads: availableParallelism() });
  const rate = await load(batcher.generate, plan);
  await batcher.close();
  return rate;
}

async function overHttp() {
  const flags = [
    '--model',
    folder,
    '--name',
    'model',
    '--rows',
    plan.streams,
    '--context',
    context,
    '--prefix-cache',
    0,
  ];
  const { url, close } = await startOctavo(flags.map(String));
  const generate = async (ids, tokens) => {
    const started = performance.now();
    const { pieces } = await streamCompletion(url, { prompt: ids, tokens });
    return pieces.map((time) => started + time);
  };
  return load(generate, plan).finally(close);
}
