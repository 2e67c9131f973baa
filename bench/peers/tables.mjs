/** The tables of docs/performance.md, from the samples of all rounds: medians, and how far they spread. */
import { shapes } from './cases.mjs';
import { peers } from './peers.mjs';
import { median } from './rates.mjs';
import { valuesOf } from './results.mjs';

const rows = [1, 4, 16, 32];

export function describeMachine({ machine, samples }) {
  if (machine === null) return '';
  const days = [...new Set(samples.map(({ at }) => at.slice(0, 10)))].sort();
  const features = machine.features.map((name) => `\`${name}\``).join(', ');
  return `${machine.cpu}, ${machine.cores} cores (${features}), ${machine.memoryGiB} GiB, Node ${machine.node}, ${machine.threads} threads for each, ${[...new Set([days.at(0), days.at(-1)])].join(' to ')}. Tokens/s: the median of the rounds (lowest - highest).`;
}

/** For each shape and length of prompts that was measured. */
export function shapeTables(results) {
  const tables = shapes.flatMap((shape) => [128, 1024].map((prompt) => shapeTable(results, { shape, prompt })));
  return tables.filter((table) => table !== '').join('\n\n');
}

function shapeTable(results, { shape, prompt }) {
  const measured = Object.keys(peers).filter((peer) =>
    results.samples.some((one) => one.peer === peer && one.shape === shape && one.prompt === prompt),
  );
  if (measured.length === 0) return '';
  const lines = measured.map((peer) => `| ${peerCells(results, { peer, shape, prompt }).join(' | ')} |`);
  return [
    `**${shape}, prompts of ${prompt}**`,
    '',
    `| | ${rows.map((count) => `decode, ${count} ${count === 1 ? 'row' : 'rows'}`).join(' | ')} | prefill, 1 row | first token, ms |`,
    `|${'---|'.repeat(rows.length + 3)}`,
    ...lines,
  ].join('\n');
}

function peerCells(results, what) {
  const { name, version } = results.peers[what.peer];
  const decode = rows.map((count) => spread(valuesOf(results, { ...what, rows: count }, 'decode')));
  const first = valuesOf(results, { ...what, rows: 1 }, 'firstTokenMs');
  const prefill = spread(valuesOf(results, { ...what, rows: 1 }, 'prefill'));
  return [`${name} (${version})`, ...decode, prefill, first.length === 0 ? '-' : digits(median(first))];
}

/** `median (lowest - highest)`. */
export function spread(values) {
  if (values.length === 0) return '-';
  const range = values.length === 1 ? '' : ` (${digits(Math.min(...values))} - ${digits(Math.max(...values))})`;
  return `${digits(median(values))}${range}`;
}

export function digits(value) {
  return value.toLocaleString('en', { maximumFractionDigits: value < 10 ? 1 : 0 });
}

/** Peers that have no figures for a shape that others were measured on: those that failed, with why, and those not run. */
export function failureTable({ samples, failures, peers: named }) {
  const measured = shapes.filter((shape) => samples.some((one) => one.shape === shape));
  const missing = measured.flatMap((shape) =>
    Object.keys(peers)
      .filter((id) => !samples.some((one) => one.peer === id && one.shape === shape))
      .map((id) => ({ id, shape, why: failures[`${id} ${shape}`] ?? 'not run yet' })),
  );
  const lines = missing.map(({ id, shape, why }) => {
    const name = named[id] === undefined ? `\`${id}\`` : `${named[id].name} (${named[id].version})`;
    return `| ${name} | ${shape} | ${why.replaceAll('|', '\\|').slice(0, 300)} |`;
  });
  return lines.length === 0 ? '' : ['| not measured | | |', '|---|---|---|', ...lines].join('\n');
}

/** Seconds for TTFT, milliseconds for what follows it. */
export function openLoopTable({ openLoop = [] }) {
  if (openLoop.length === 0) return '';
  const lines = openLoop.map(({ name, rate, requests, ttft, itl, tpot, goodput, tokensPerSecond }) => {
    const [first, gaps, pace] = [ttft, itl, tpot].map((all) => all.map(digits).join(' / '));
    return `| ${name} | ${rate} | ${requests} | ${first} | ${gaps} | ${pace} | ${digits(goodput)} | ${digits(tokensPerSecond)} |`;
  });
  return [
    '**Open loop, over HTTP**: Poisson arrivals',
    '',
    '| | requests/s | requests | TTFT, ms, p50 / p90 / p99 | ITL, ms | TPOT, ms | goodput, requests/s | tokens/s |',
    '|---|---|---|---|---|---|---|---|',
    ...lines,
  ].join('\n');
}
