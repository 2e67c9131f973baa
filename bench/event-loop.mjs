/**
 * Whether the main thread stays free: 32 streams run while prompts of 1 MB and hostile texts arrive. Prints how late the
 * event loop of the server was, by Node's own histogram in /metrics (`nodejs_eventloop_lag_*`), and what was answered.
 *
 *   npm run bench:event-loop -- [model folder] [seconds]
 *
 * The histogram samples every 10 ms, which its values include; they are subtracted here.
 */
import { startOctavo } from './octavo-server.mjs';
import { octavoModel } from './peers/octavo-model.mjs';

const folder = process.argv[2] || (await octavoModel('qwen2.5-0.5b'));
const seconds = Number(process.argv[3] ?? 15);
const streams = 32;
const resolutionMs = 10;

const words = 'I would like to book a table for two in San Jose tonight. ';
const arrivals = {
  'none: 32 streams alone': null,
  'a prompt of 1 MB of words': words.repeat(Math.ceil(2 ** 20 / words.length)),
  '50,000 underscores': '_'.repeat(50_000),
  '1 MB of base64': Buffer.alloc(786_432, 'octavo').toString('base64'),
  'a prompt of 1 KB of words': words.repeat(18),
};

const { url, close } = await startOctavo(['--model', folder, '--context', '2048', '--log-level', 'silent']);
console.log(`32 streams, one more prompt each 250 ms, ${seconds} s each, Node ${process.versions.node}\n`);
console.log('| arriving | late, p50 ms | p90 ms | p99 ms | max ms | answers |');
console.log('|---|---|---|---|---|---|');
for (const [name, prompt] of Object.entries(arrivals)) {
  const end = Date.now() + 1000 * seconds;
  const running = Array.from({ length: streams }, () => stream(end));
  await sleep(1000);
  // Reading the metrics starts the histogram anew.
  await readLag();
  const answers = [];
  while (Date.now() < end) {
    await sleep(250);
    if (prompt !== null)
      answers.push(post({ prompt, max_tokens: 4 }).then((answer) => answer.text().then(() => answer.status)));
  }
  const lag = await readLag();
  await Promise.all(running);
  const statuses = new Map();
  for (const status of await Promise.all(answers)) statuses.set(status, (statuses.get(status) ?? 0) + 1);
  const told = [...statuses].map(([status, count]) => `${status}: ${count}`).join(', ');
  console.log(`| ${[name, ...lag, told || 'none'].join(' | ')} |`);
}
await close();

async function stream(end) {
  while (Date.now() < end) {
    const answer = await post({ prompt: words, max_tokens: 200, ignore_eos: true, stream: true });
    for await (const _ of answer.body);
  }
}

function post(body) {
  const headers = { 'content-type': 'application/json' };
  return fetch(`${url}/v1/completions`, { method: 'POST', headers, body: JSON.stringify(body) });
}

/** Milliseconds beyond the histogram's own interval: p50, p90, p99, largest. */
async function readLag() {
  const text = await (await fetch(`${url}/metrics`)).text();
  return ['p50', 'p90', 'p99', 'max'].map((name) => {
    const value = new RegExp(`^nodejs_eventloop_lag_${name}_seconds (\\S+)`, 'm').exec(text)?.[1];
    return Math.max(0, 1000 * Number(value) - resolutionMs).toFixed(1);
  });
}

function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
