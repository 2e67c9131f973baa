/**
 * Load on `/v1/completions` by autocannon: short generations, closed loop. Starts the server itself, warms up, measures,
 * prints a table, and fails when any answer was not a 200.
 *
 *   npm run bench:http -- [--seconds 30] [--connections 32] [--tokens 16] [-- flags of octavo serve]
 */
import { parseArgs } from 'node:util';
import autocannon from 'autocannon';
import { startOctavo } from './octavo-server.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string', default: '30' },
    connections: { type: 'string', default: '32' },
    tokens: { type: 'string', default: '16' },
  },
});
const [seconds, connections, tokens] = [values.seconds, values.connections, values.tokens].map(Number);
const prompts = ['I would like to book', 'What is the weather', 'Can you find a bus to', 'Play some music by'];

const { url, close } = await startOctavo(positionals);
const load = {
  url: `${url}/v1/completions`,
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  connections,
  requests: prompts.map((prompt) => ({ body: JSON.stringify({ prompt, max_tokens: tokens, ignore_eos: true }) })),
};
await autocannon({ ...load, duration: 3 });
const result = await autocannon({ ...load, duration: seconds });
await close();

const { latency, requests, errors, timeouts, non2xx } = result;
console.log(`${connections} connections, ${seconds} s, ${tokens} tokens a request, Node ${process.versions.node}\n`);
console.log('| requests/s | tokens/s | p50 ms | p90 ms | p99 ms | max ms | requests | errors | not 2xx |');
console.log('|---|---|---|---|---|---|---|---|---|');
const cells = [
  requests.average.toFixed(0),
  (requests.average * tokens).toFixed(0),
  ...[latency.p50, latency.p90, latency.p99, latency.max],
  ...[requests.total, errors + timeouts, non2xx],
];
console.log(`| ${cells.join(' | ')} |`);
if (errors + timeouts + non2xx > 0) process.exitCode = 1;
