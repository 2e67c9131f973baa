/**
 * Servers under load that does not wait for them: Poisson arrivals, lengths of a real trace, each request streamed over
 * HTTP. TTFT, ITL, TPOT and goodput as `vllm bench serve` defines them. One server after the other, the same requests.
 *
 *   node bench/peers/open-loop.mjs --trace <AzureLLMInferenceTrace_conv.csv> [--servers octavo,llama-server-q8]
 *                                  [--rate 1] [--requests 60] [--shorter 8] [--shape qwen2.5-0.5b] [--threads 2]
 *
 * `--shorter 8`: prompts and outputs an eighth as long as in the trace, whose machines were larger.
 */
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startOctavo } from '../octavo-server.mjs';
import { promptIds } from './cases.mjs';
import { gguf } from './gguf.mjs';
import { startLlamaServer } from './llama-server.mjs';
import { octavoModel } from './octavo-model.mjs';
import { quantile } from './rates.mjs';
import { writeReport } from './report.mjs';
import { readResults, writeResults } from './results.mjs';
import { streamCompletion } from './streamed-completion.mjs';

const { values } = parseArgs({
  options: {
    trace: { type: 'string', default: '../shared/data/traces/AzureLLMInferenceTrace_conv.csv' },
    servers: { type: 'string', default: 'octavo,llama-server-q8' },
    shape: { type: 'string', default: 'qwen2.5-0.5b' },
    rate: { type: 'string', default: '1' },
    requests: { type: 'string', default: '60' },
    shorter: { type: 'string', default: '8' },
    threads: { type: 'string', default: String(availableParallelism()) },
  },
});
const { shape } = values;
const [rate, requests, shorter, threads] = ['rate', 'requests', 'shorter', 'threads'].map((name) =>
  Number(values[name]),
);
const [rows, capacity] = [32, shape === 'concierge' ? 512 : 1024];
/** A request counts for goodput when its first token comes within, and the others so fast on average. */
const goal = { firstTokenMs: 2000, perTokenMs: 100 };

const servers = {
  octavo: {
    name: 'Octavo, INT8 (W8A8), default settings',
    start: async () => {
      const sizes = { '--rows': rows, '--context': capacity, '--threads': threads };
      return startOctavo(['--model', await octavoModel(shape), ...Object.entries(sizes).flat().map(String)]);
    },
  },
  'llama-server-q8': llamaServer('Q8_0'),
  'llama-server-q4': llamaServer('Q4_0'),
};

const arrivals = plan();
const results = readResults();
for (const id of values.servers.split(',')) {
  const { url, close } = await servers[id].start();
  const load = await run(url).finally(close);
  const line = { id, name: servers[id].name, shape, rate, shorter, requests, ...summarise(load) };
  results.openLoop = [...(results.openLoop ?? []).filter((one) => one.id !== id || one.rate !== rate), line];
  writeResults(results);
  console.log(JSON.stringify(line));
}
writeReport(results);

function llamaServer(quantisation) {
  const start = async () => startLlamaServer({ model: await gguf(shape, quantisation), threads, rows, capacity });
  return { name: `llama.cpp's server, ${quantisation}`, start };
}

/** Times in ms and lengths, from a fixed seed. */
function plan() {
  const [, ...lines] = readFileSync(values.trace, 'utf8').trim().split(/\r?\n/);
  let at = 0;
  return Array.from({ length: requests }, (_, index) => {
    const [, prompt, output] = lines[(index * 97) % lines.length].split(',').map(Number);
    at += (-1000 * Math.log(1 - uniform(index))) / rate;
    const scaled = (length) => Math.min(capacity / 2, Math.max(4, Math.round(length / shorter)));
    return { at, prompt: scaled(prompt), tokens: scaled(output) };
  });
}

/** In [0, 1), from the index alone. */
function uniform(index) {
  let bits = Math.imul(index + 1, 0x9e3779b9);
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  return ((bits ^ (bits >>> 13)) >>> 0) / 2 ** 32;
}

async function run(url) {
  const model = (await (await fetch(`${url}/v1/models`)).json()).data[0].id;
  await streamCompletion(url, { model, prompt: promptIds(0, { prompt: 64 }), tokens: 8 });
  const started = performance.now();
  const answers = await Promise.all(
    arrivals.map(async ({ at, prompt, tokens }, index) => {
      await sleep(at);
      return { tokens, ...(await streamCompletion(url, { model, prompt: promptIds(index, { prompt }), tokens })) };
    }),
  );
  return { answers, seconds: (performance.now() - started) / 1000 };
}

function summarise({ answers, seconds }) {
  const percentiles = (all) => [0.5, 0.9, 0.99].map((share) => quantile(all, share));
  const paces = answers.map(({ pieces, endMs, tokens }) => (endMs - pieces[0]) / (tokens - 1));
  const good = answers.filter(({ pieces }, i) => pieces[0] <= goal.firstTokenMs && paces[i] <= goal.perTokenMs);
  return {
    ttft: percentiles(answers.map(({ pieces }) => pieces[0])),
    itl: percentiles(answers.flatMap(({ pieces }) => pieces.slice(1).map((time, i) => time - pieces[i]))),
    tpot: percentiles(paces),
    goodput: good.length / seconds,
    tokensPerSecond: answers.reduce((sum, { tokens }) => sum + tokens, 0) / seconds,
  };
}
