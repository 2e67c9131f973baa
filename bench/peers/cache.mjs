/** Where peers are installed and models are written: outside the repository, kept between runs. */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const root = path.resolve(process.env.OCTAVO_PEERS ?? path.join(tmpdir(), 'octavo-peers'));

/** A path in the cache folder. */
export function cached(...names) {
  return path.join(root, ...names);
}

/** Runs a program to its end and gives back its output. Fails with its last messages, and `output`: what it wrote until then. */
export async function runProgram(program, args, options = {}) {
  try {
    const { stdout } = await promisify(execFile)(program, args, { maxBuffer: 1 << 28, ...options });
    return stdout;
  } catch (error) {
    const lines = `${error.stdout ?? ''}${error.stderr ?? ''}`.trim().split('\n');
    const said = lines.findLast((line) => /error/i.test(line)) ?? lines.at(-1);
    const failure = new Error(`${path.basename(program)} ${args[0] ?? ''}: ${said || error.message}`);
    throw Object.assign(failure, { output: error.stdout ?? '' });
  }
}

/** Makes a folder once: `fill` writes it under another name, so that a cut run leaves none that looks whole. */
export async function once(names, fill) {
  const folder = cached(...names);
  if (existsSync(folder)) return folder;
  const draft = `${folder}.draft`;
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(draft, { recursive: true });
  await fill(draft);
  renameSync(draft, folder);
  return folder;
}

/** npm packages in a folder of their own, without install scripts. */
export async function npmPackages(name, packages) {
  const folder = cached(name);
  if (existsSync(path.join(folder, 'installed'))) return folder;
  mkdirSync(folder, { recursive: true });
  const flags = ['--prefix', folder, '--ignore-scripts', '--no-audit', '--no-fund', '--silent', '--save-exact'];
  await runProgram('npm', ['install', ...flags, ...packages]);
  mkdirSync(path.join(folder, 'installed'));
  return folder;
}

/** Python packages in a virtual environment of their own; gives back its interpreter. */
export async function pythonPackages(name, packages) {
  const folder = cached(name);
  const python = path.join(folder, 'bin', 'python');
  if (existsSync(path.join(folder, 'installed'))) return python;
  await runProgram('python3', ['-m', 'venv', folder]);
  await runProgram(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...packages]);
  mkdirSync(path.join(folder, 'installed'));
  return python;
}
