/**
 * Packs a folder that can be carried to a machine with a GPU and no network, where its gpu.sh measures Octavo against PyTorch:
 * Node, Octavo with what it needs, one set of random weights as a checkpoint for PyTorch and as Octavo's builds.
 *
 *   npm run bench:gpu:pack -- --out FOLDER [--shape qwen2.5-0.5b] [--builds gpu,fp16] [--ort-library libonnxruntime.so]
 *
 * `--ort-library`: a build of ONNX Runtime with CUDA for this platform, taken along with the libraries beside it. 4 GB for the default.
 */
import { chmodSync, copyFileSync, cpSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { runProgram } from '../peers/cache.mjs';
import { writeCheckpoint } from '../peers/checkpoint.mjs';
import { builds, folders } from './contestants.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const { values } = parseArgs({
  options: {
    out: { type: 'string' },
    shape: { type: 'string', default: 'qwen2.5-0.5b' },
    builds: { type: 'string', default: Object.keys(builds).join(',') },
    'ort-library': { type: 'string' },
  },
});
if (values.out === undefined) throw new Error('Name a new folder: --out FOLDER');
const chosen = values.builds.split(',');
const unknown = chosen.find((name) => !Object.hasOwn(builds, name));
if (unknown !== undefined)
  throw new Error(`There is no build ${unknown}; there are ${Object.keys(builds).join(', ')}.`);
const out = path.resolve(values.out);
if (existsSync(out)) throw new Error(`${out} is there already.`);
mkdirSync(out, { recursive: true });

await packOctavo(path.join(out, folders.octavo));
copyFileSync(process.execPath, path.join(out, 'node'));
for (const file of ['node', 'gpu.sh']) {
  if (file === 'gpu.sh') copyFileSync(path.join(root, 'bench/gpu.sh'), path.join(out, file));
  chmodSync(path.join(out, file), 0o755);
}
const library = values['ort-library'];
if (library !== undefined) packLibrary(path.resolve(library), path.join(out, folders.library));
const checkpoint = path.join(out, folders.checkpoint);
mkdirSync(checkpoint);
await writeCheckpoint(values.shape, checkpoint);
for (const name of chosen) await build(name);
writeFileSync(
  path.join(out, 'pack.json'),
  JSON.stringify({ shape: values.shape, builds: chosen, node: process.version }),
);
console.log(`Packed. On the machine with the GPU: ${path.join(out, 'gpu.sh')}`);

/** What runs, as it lies in the repository: compiled code, benchmarks, and the packages that are not for development. */
async function packOctavo(target) {
  for (const name of ['package.json', 'dist', 'bench'])
    cpSync(path.join(root, name), path.join(target, name), { recursive: true });
  const listed = await runProgram('npm', ['ls', '--omit=dev', '--all', '--parseable'], { cwd: root });
  const packages = listed
    .trim()
    .split('\n')
    .map((folder) => path.relative(root, folder));
  const ownPlatform = path.join('napi-v6', process.platform, process.arch);
  for (const folder of packages.filter((name) => name !== '')) {
    cpSync(path.join(root, folder), path.join(target, folder), {
      recursive: true,
      filter: (file) => {
        const inside = path.relative(path.join(root, folder), file);
        // Packages in packages are in the list themselves; of ONNX Runtime's libraries only this platform's go along.
        if (inside.startsWith('node_modules')) return false;
        return !/napi-v6[/\\][^/\\]+[/\\]/.test(inside) || inside.includes(ownPlatform);
      },
    });
  }
}

/** ONNX Runtime looks for the parts of its providers beside itself. */
function packLibrary(file, target) {
  mkdirSync(target);
  copyFileSync(file, path.join(target, folders.libraryName));
  const parts = readdirSync(path.dirname(file)).filter((name) => /onnxruntime_providers_/.test(name));
  for (const name of parts) copyFileSync(path.join(path.dirname(file), name), path.join(target, name));
}

async function build(name) {
  const args = [
    'build',
    checkpoint,
    '--out',
    path.join(out, folders.builds, name),
    '--no-receipt',
    ...builds[name].flags,
  ];
  mkdirSync(path.join(out, folders.builds), { recursive: true });
  console.log(`building ${name}`);
  await runProgram(process.execPath, [path.join(root, 'dist/cli.js'), ...args]);
}
