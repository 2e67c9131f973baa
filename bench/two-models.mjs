/**
 * Two models that compute at the same time on one machine, against one alone: tokens/s of both, by the batcher without HTTP.
 *
 *   npm run bench:two-models -- <model folder> <model folder> [rounds]
 */
import { availableParallelism } from 'node:os';
import { load, openBatcher } from './in-process.mjs';

const [first, second, rounds = '3'] = process.argv.slice(2);
if (second === undefined) throw new Error('Name two model folders.');
const streams = 8;
const plan = { streams, prompt: 32, tokens: 64, seconds: 6 };
const options = { rows: streams, context: 512, threads: availableParallelism() };
const one = await openBatcher({ folder: first, ...options });
const other = await openBatcher({ folder: second, ...options });

console.log(`${streams} streams each, ${options.threads} threads, tokens/s\n`);
console.log('| round | one alone | the other alone | both at once |\n|---|---|---|---|');
for (let round = 1; round <= Number(rounds); round++) {
  const alone = [await load(one.generate, plan), await load(other.generate, plan)];
  const both = await Promise.all([load(one.generate, plan), load(other.generate, plan)]);
  console.log(`| ${[round, ...alone.map(whole), both.map(whole).join(' + ')].join(' | ')} |`);
}
await one.close();
await other.close();

function whole(value) {
  return value.toFixed(0);
}
