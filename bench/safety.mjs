/**
 * What the rules cost: microseconds of CPU time a token of an output under the default list (or a rules file), guarded as the server
 * does it, and their share of a step. Prints the table of docs/performance.md.
 *
 *   npm run bench:safety -- [rules file] [milliseconds of a step of 32 rows]
 */
import { readdirSync, readFileSync } from 'node:fs';
import { createSafety } from '../dist/safety/filter.js';
import { loadRuleScreen } from '../dist/safety/rule-filter.js';

const streams = 32;
const rounds = 9;
const file = process.argv[2] ?? 'default';
const stepMs = Number(process.argv[3] ?? 90);
const safety = createSafety([loadRuleScreen(file === 'default' ? null : file)]);
const unscreened = createSafety([]);

/** Pages of the project's documentation, in pieces of about a token: a word or a part of it, with the space before it. */
const pages = readdirSync('docs').filter((name) => name.endsWith('.md'));
const english = pages.map((name) => readFileSync(`docs/${name}`, 'utf8')).join('\n');
const chinese = '过滤器在提示到达模型之前以及输出离开之前进行检查，它只能找到规则文件中写明的内容。'.repeat(400);
const texts = { english: english.match(/\s?[^\s]{1,5}|\s/gu), chinese: Array.from(chinese) };

console.log(
  `| text | rules, µs a token | guard alone, µs | ${streams} tokens, ms | of a step of ${stepMs} ms |\n|---|---|---|---|---|`,
);
for (const [name, tokens] of Object.entries(texts)) {
  const [screened, alone] = alternate(tokens, [safety, unscreened]);
  const step = ((screened - alone) * streams) / 1000;
  const cells = [name, (screened - alone).toFixed(2), alone.toFixed(2), step.toFixed(3)];
  console.log(`| ${cells.join(' | ')} | ${((100 * step) / stepMs).toFixed(2)}% |`);
}

/** The median microseconds a token of each filter, taken in turns. */
function alternate(tokens, filters) {
  const times = filters.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (const [index, filter] of filters.entries()) times[index].push(guardAll(filter, tokens));
  }
  return times.map((each) => each.slice(2).toSorted((one, other) => one - other)[(rounds - 2) >> 1]);
}

/** Each stream has its part of the text, and gets a token in its turn, as in a step. */
function guardAll(filter, tokens) {
  const each = Math.floor(tokens.length / streams);
  const guards = Array.from({ length: streams }, () => filter.guard({ direction: 'output', tenant: '', request: '' }));
  const start = process.cpuUsage();
  for (let at = 0; at < each; at++) {
    for (const [stream, guard] of guards.entries()) guard.push(tokens[stream * each + at]);
  }
  const { user, system } = process.cpuUsage(start);
  return (user + system) / (each * streams);
}
