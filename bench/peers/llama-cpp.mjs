/** llama.cpp, compiled for this processor from the source that llama-cpp-python's source package carries. */
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { cached, once, pythonPackages, runProgram } from './cache.mjs';

const version = '0.3.36';

/** Folder of the programs; compiles them when they are not there yet, for some minutes. */
export async function llamaCpp() {
  const build = cached('llama.cpp', 'build');
  const programs = path.join(build, 'bin');
  if (existsSync(path.join(build, 'installed'))) return programs;
  const source = await once(['llama.cpp', 'source'], fetchSource);
  const off = ['LLAMA_CURL', 'LLAMA_OPENSSL', 'BUILD_SHARED_LIBS', 'LLAMA_BUILD_TESTS'].map((name) => `-D${name}=OFF`);
  const native = ['-DCMAKE_BUILD_TYPE=Release', '-DGGML_NATIVE=ON'];
  await runProgram('cmake', ['-S', treeIn(source), '-B', build, ...native, ...off]);
  // Goes on where it was cut.
  const targets = ['--target', 'llama-server', 'llama-batched-bench'];
  await runProgram('cmake', ['--build', build, '--parallel', ...targets]);
  mkdirSync(path.join(build, 'installed'));
  return programs;
}

/** As the package names it; llama.cpp itself counts builds, which the package does not tell. */
export async function llamaVersion() {
  return `llama-cpp-python ${version}`;
}

async function fetchSource(folder) {
  const python = await pythonPackages('llama.cpp-tools', ['scikit-build-core']);
  const flags = ['--no-deps', '--no-binary', ':all:', '--no-build-isolation', '--quiet', '--dest', folder];
  await runProgram(python, ['-m', 'pip', 'download', ...flags, `llama-cpp-python==${version}`]);
  const archive = readdirSync(folder).find((name) => name.endsWith('.tar.gz'));
  await runProgram('tar', ['-xzf', path.join(folder, archive), '-C', folder]);
}

function treeIn(source) {
  const folder = readdirSync(source).find((name) => !name.endsWith('.tar.gz'));
  return path.join(source, folder, 'vendor', 'llama.cpp');
}
