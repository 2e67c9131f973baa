/**
 * Octavo against its peers: same weights, threads, prompts, greedy; every peer in every round, so that a busy machine slows
 * all alike. Rewrites the tables of docs/performance.md and docs/peers.svg.
 *
 *   npm run bench:peers -- [--quick] [--peers octavo,openvino] [--shapes qwen2.5-0.5b] [--prompts 128] [--rows 1,16]
 *                          [--rounds 3] [--threads 2] [--fresh] [--prepare] [--report]
 *
 * Peers are installed, and models written, in the folder OCTAVO_PEERS (by default octavo-peers in the system's folder for
 * temporary files; 20 GB for everything). Results are kept there too and come together from several runs: `--fresh`
 * forgets those of the chosen peers, shapes and prompts, `--prepare` only installs and converts, `--report` only writes.
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { machineInfo } from '../../dist/models/receipt/machine.js';
import { runProgram } from './cache.mjs';
import { shapes as allShapes, casesOf, longestPrompt } from './cases.mjs';
import { peers as allPeers } from './peers.mjs';
import { writeReport } from './report.mjs';
import { readResults, writeResults } from './results.mjs';

const { values } = parseArgs({
  options: {
    ...Object.fromEntries(
      ['peers', 'shapes', 'prompts', 'rows', 'rounds', 'threads'].map((name) => [name, { type: 'string' }]),
    ),
    ...Object.fromEntries(
      ['quick', 'fresh', 'prepare', 'report'].map((name) => [name, { type: 'boolean', default: false }]),
    ),
  },
});
const quick = values.quick;
const ids = choose('peers', Object.keys(allPeers), Object.keys(allPeers));
const shapes = choose('shapes', allShapes, quick ? ['qwen2.5-0.5b'] : allShapes);
const prompts = choose('prompts', ['128', '1024'], quick ? ['128'] : ['128', '1024']).map(Number);
const rows = choose('rows', ['1', '4', '16', '32'], quick ? ['1', '16'] : ['1', '4', '16', '32']).map(Number);
const rounds = Number(values.rounds ?? (quick ? 1 : 3));
const threads = Number(values.threads ?? availableParallelism());
const session = new URL('./session.mjs', import.meta.url).pathname;
/** Of one peer in one round; a peer that takes longer is reported as failed. */
const sessionMs = 600_000;

const results = readResults();
if (!values.report) await measureAll();
writeReport(results);

/** A list of the command line, each of `allowed`. */
function choose(name, allowed, otherwise) {
  const chosen = values[name]?.split(',') ?? otherwise;
  const unknown = chosen.find((one) => !allowed.includes(one));
  if (unknown !== undefined) throw new Error(`--${name}: there is no ${unknown}; there are ${allowed.join(', ')}.`);
  return chosen;
}

async function measureAll() {
  results.machine = { ...machineInfo(), threads, date: new Date().toISOString().slice(0, 10) };
  const ready = [];
  for (const shape of shapes) for (const id of ids) if (await prepare(id, shape)) ready.push({ id, shape });
  writeResults(results);
  if (values.prepare) return;
  const runs = ready.flatMap(({ id, shape }) => planOf(shape).map((plans) => ({ id, shape, plans })));
  if (values.fresh) forget(runs);
  const minutes = (rounds * runs.reduce((sum, run) => sum + estimateSeconds(run), 0)) / 60;
  console.log(`${rounds} rounds of ${runs.length} sessions: about ${Math.ceil(minutes)} minutes on two cores of 2026`);
  for (let round = 0; round < rounds; round++) {
    // Each second round backwards: who comes first does not always come first.
    for (const run of round % 2 === 0 ? runs : runs.toReversed()) await measure(run);
  }
}

/** Sessions of a shape: one for each length of prompts. */
function planOf(shape) {
  return prompts.filter((prompt) => prompt <= longestPrompt(shape)).map((prompt) => casesOf({ shape, prompt, rows }));
}

async function prepare(id, shape) {
  const peer = await allPeers[id]();
  try {
    await peer.prepare(shape);
    results.peers[id] = { name: peer.name, version: await peer.version() };
    delete results.failures[`${id} ${shape}`];
    return true;
  } catch (error) {
    results.peers[id] = { name: peer.name, version: await peer.version() };
    fail(id, shape, error);
    return false;
  }
}

/** What a session has measured before it fails counts. */
async function measure({ id, shape, plans }) {
  const args = [session, id, shape, String(threads), JSON.stringify(plans)];
  const output = await runProgram(process.execPath, args, { timeout: sessionMs }).catch((error) => {
    fail(id, shape, error);
    return error.output;
  });
  const lines = output.split('\n').filter((line) => line.startsWith('{"rows"'));
  const at = new Date().toISOString();
  for (const line of lines) results.samples.push({ peer: id, shape, at, ...JSON.parse(line) });
  console.log(`${shape} ${id}: ${lines.map(describe).join(', ')}`);
  writeResults(results);
}

function describe(line) {
  const { rows: count, prompt, decode, prefill } = JSON.parse(line);
  return `${count} x ${prompt}: ${decode?.toFixed(0) ?? '-'} (prefill ${prefill?.toFixed(0) ?? '-'})`;
}

function fail(id, shape, error) {
  results.failures[`${id} ${shape}`] = error.message;
  console.error(`${shape} ${id}: ${error.message}`);
}

function forget(runs) {
  const chosen = new Set(
    runs.flatMap(({ id, shape, plans }) => plans.map(({ rows: count, prompt }) => key(id, shape, count, prompt))),
  );
  results.samples = results.samples.filter((one) => !chosen.has(key(one.peer, one.shape, one.rows, one.prompt)));
}

function key(...parts) {
  return parts.join(' ');
}

/** A rough one: loading, and 2.5e11 weights times tokens a second. */
function estimateSeconds({ shape, plans }) {
  const weights = { 'qwen2.5-0.5b': 0.49e9, 'llama-3.2-1b': 1.24e9, concierge: 6e6 }[shape];
  const tokens = plans.reduce((sum, plan) => sum + plan.rows * (plan.prompt + 3 * (plan.steps + plan.stagger)), 0);
  return 5 + (tokens * weights) / 2.5e11;
}
