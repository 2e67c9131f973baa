/**
 * Load on `/v1/completions` by autocannon: short generations, closed loop. Starts the server itself, warms up, measures,
 * prints a table, and fails when any answer was not a 200.
 *
 *   npm run bench:http -- [--seconds 30] [--connections 32] [--tokens 16] [-- flags of octavo serve]
 */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import autocannon from 'autocannon';

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

const { url, stop } = await startServer(positionals);
const load = {
  url: `${url}/v1/completions`,
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  connections,
  requests: prompts.map((prompt) => ({ body: JSON.stringify({ prompt, max_tokens: tokens, ignore_eos: true }) })),
};
await autocannon({ ...load, duration: 3 });
const result = await autocannon({ ...load, duration: seconds });
await stop();

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

async function startServer(flags) {
  const cli = new URL('../dist/cli.js', import.meta.url).pathname;
  const args = [cli, 'serve', '--port', '0', '--log-level', 'warn', ...flags];
  const server = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = new Promise((resolve) => server.once('exit', resolve));
  for await (const line of createInterface({ input: server.stdout })) {
    const address = /^\s*Octavo\s+(http:\S+)/.exec(line)?.[1];
    if (address === undefined) continue;
    const stop = async () => {
      server.kill('SIGTERM');
      await exited;
    };
    return { url: address, stop };
  }
  throw new Error('The server stopped before it listened.');
}
