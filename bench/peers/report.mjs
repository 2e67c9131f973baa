/** Writes what was measured into docs/performance.md, between its markers, and docs/peers.svg. */
import { readFileSync, writeFileSync } from 'node:fs';
import { drawChart } from './chart.mjs';
import { describeMachine, failureTable, openLoopTable, shapeTables } from './tables.mjs';

const page = new URL('../../docs/performance.md', import.meta.url);
const chart = new URL('../../docs/peers.svg', import.meta.url);

const [begin, end] = ['<!-- bench:peers -->', '<!-- /bench:peers -->'];

export function writeReport(results) {
  const parts = [describeMachine(results), shapeTables(results), openLoopTable(results), failureTable(results)];
  const text = readFileSync(page, 'utf8');
  writeFileSync(page, replaceMarked(text, parts.filter((part) => part !== '').join('\n\n')));
  writeFileSync(chart, drawChart(results));
}

/** Throws where the page has lost its markers. */
export function replaceMarked(text, report) {
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`docs/performance.md must have ${begin} and, after it, ${end}.`);
  return `${text.slice(0, from + begin.length)}\n\n${report}\n\n${text.slice(to)}`;
}
