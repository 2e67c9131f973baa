/**
 * Measures all contestants of a packed folder on this machine, one after the other, and prints one table. `bench/gpu.sh` starts it.
 *
 *   node main.mjs [--python python3] [--devices webgpu,cuda] [--ort-library libonnxruntime.so] [--minutes 9.5]
 *
 * Every contestant has its own limit of time, and all together theirs; what was measured until then is in the table, the rest in
 * the list below it. Both are also written to result.md in the folder, the single runs to result.json, where the folder can be written.
 */
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { readWork } from '../../dist/commands/bench-roofline.js';
import { machineInfo } from '../../dist/models/receipt/machine.js';
import { contestantsOf, folders } from './contestants.mjs';
import { runFor } from './limited-run.mjs';
import { groupsOf, sizesOf } from './plans.mjs';
import { formatProblems, formatTable } from './table.mjs';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const beside = (name) => fileURLToPath(new URL(name, import.meta.url));
const { values } = parseArgs({
  options: {
    python: { type: 'string', default: 'python3' },
    devices: { type: 'string' },
    'ort-library': { type: 'string' },
    minutes: { type: 'string', default: '9.5' },
  },
});
const end = performance.now() + 60_000 * Number(values.minutes);
const secondsLeft = () => (end - performance.now()) / 1000;

const pack = JSON.parse(readFileSync(path.join(root, 'pack.json'), 'utf8'));
const config = JSON.parse(readFileSync(path.join(root, folders.checkpoint, 'config.json'), 'utf8'));
const sizes = sizesOf({ shape: pack.shape, vocab: config.vocab_size });
const groups = JSON.stringify(groupsOf(sizes));

console.error('looking at the machine');
const gpu = await runFor(15, ['nvidia-smi', '--query-gpu=name,driver_version,memory.total', '--format=csv,noheader']);
const python = await askPython();
const devices = devicesOf();
const bandwidth = python.bandwidth ?? (await ownBandwidth());
const measured = [];
for (const one of contestantsOf({ root, devices, packed: pack.builds, python })) measured.push(await measure(one));

const report = [
  describe(),
  `${formatTable({ measured, sizes, bandwidth: bandwidth.bytesPerSecond ?? null })}\n\n${legend()}`,
  formatProblems(measured),
  ...measured.flatMap(({ name, about }) => (about?.placement ? [`${name}: ${about.placement}`] : [])),
].filter((part) => part !== '');
console.log(`\n${report.join('\n\n')}`);
try {
  writeFileSync(path.join(root, 'result.md'), `${report.join('\n\n')}\n`);
  writeFileSync(path.join(root, 'result.json'), JSON.stringify({ pack, python, bandwidth, measured }));
} catch (error) {
  console.error(`result.md was not written: ${error.message}`);
}

/** PyTorch of this machine: device, versions, bandwidth; or `problem`. */
async function askPython() {
  const program = beside('./python/torch_facts.py');
  const { output, problem } = await runFor(90, [values.python, program]);
  const line = output.split('\n').find((text) => text.startsWith('{'));
  return line === undefined
    ? { problem: `${values.python}: ${problem}` }
    : { program: values.python, ...JSON.parse(line) };
}

/** Of Octavo. WebGPU by the package's own library, CUDA by the packed or the named one. */
function devicesOf() {
  const packed = path.join(root, folders.library, folders.libraryName);
  const library = values['ort-library'] ?? (existsSync(packed) ? packed : null);
  const names = values.devices?.split(',') ?? ['webgpu', ...(library === null ? [] : ['cuda'])];
  return names.map((device) => ({ device, ortLibrary: /^(cuda|tensorrt)/.test(device) ? library : null }));
}

/** Without PyTorch, on Octavo's first device. */
async function ownBandwidth() {
  const { output, problem } = await runFor(
    60,
    [process.execPath, beside('./bandwidth.mjs'), JSON.stringify(devices[0])],
    {
      env: environment(),
    },
  );
  return problem === null ? JSON.parse(output) : { problem };
}

async function measure(contestant) {
  const { kind, name, folder, seconds, problem } = contestant;
  const facts = { name, isReference: contestant.form === 'generate', weightBytes: await weightBytesOf(contestant) };
  if (problem !== undefined) return { ...facts, lines: [], problems: [problem] };
  const limit = Math.min(seconds, secondsLeft() - 5);
  if (limit < 10) return { ...facts, lines: [], problems: ['no time was left'] };
  console.error(`measuring ${name}, for ${limit.toFixed(0)} s at most`);
  const args = [process.execPath, beside('./session.mjs'), JSON.stringify(contestant), groups];
  const run = await runFor(limit, args, { env: environment(kind === 'octavo' ? (contestant.libraries ?? []) : []) });
  const lines = run.output
    .split('\n')
    .filter((line) => /^\{.*\}$/.test(line))
    .map((line) => JSON.parse(line));
  const about = lines.find((line) => line.about !== undefined)?.about;
  const missing = run.problem === null ? [] : [run.problem];
  return { ...facts, folder, about, lines: lines.filter((line) => line.rows !== undefined), problems: missing };
}

/** CUDA's libraries that came with PyTorch serve ONNX Runtime as well. */
function environment(libraries = []) {
  const known = process.env.LD_LIBRARY_PATH;
  const all = [...(known ? [known] : []), ...libraries].join(':');
  return all === '' ? process.env : { ...process.env, LD_LIBRARY_PATH: all };
}

/** PyTorch reads each tensor once, the embedding as the head. */
async function weightBytesOf({ kind, folder }) {
  if (kind === 'octavo') return (await readWork(folder)).decode.weightBytes;
  const { size } = statSync(path.join(folder, 'model.safetensors'));
  return python.device === 'cpu' ? 2 * size : size;
}

function describe() {
  const { cpu, cores, memoryGiB, node } = machineInfo();
  const torch =
    python.problem === undefined
      ? `PyTorch ${python.torch}, transformers ${python.transformers}, on ${python.name}`
      : 'no PyTorch';
  const rate =
    bandwidth.bytesPerSecond === undefined
      ? `not measured: ${bandwidth.problem}`
      : `${(bandwidth.bytesPerSecond / 1e9).toFixed(0)} GB/s (${bandwidth.by})`;
  const versions = measured.flatMap(({ about }) => (about === undefined ? [] : [`ONNX Runtime ${about.version}`]));
  return [
    `${gpu.problem === null ? gpu.output.trim().split('\n').join('; ') : 'no NVIDIA GPU told of itself'}; ${cpu}, ${cores} cores, ${memoryGiB} GiB`,
    `${pack.shape}, random weights; Node ${node}; ${[...new Set(versions)].join(', ') || 'no run of ONNX Runtime'}; ${torch}`,
    `memory bandwidth: ${rate}`,
  ].join('\n');
}

function legend() {
  return `Tokens/s, greedy, prompts of ${sizes.prompt} tokens, decode with all rows taking part; the better of two runs. The share is what one row's steps read of weights alone. "Tokens alike": the first ones of one row, until they part from transformers' generate; with random weights near-ties part them early.`;
}
