/** Finds the ONNX Runtime library: the one that was named, or the one that the onnxruntime-node package ships. */
import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { OctavoError } from '../../errors.js';

const variable = 'OCTAVO_ORT_LIBRARY';

/**
 * Names another build of ONNX Runtime for this process and those it starts; `null`: the package's own. It is a setting of
 * the process because a process has one ONNX Runtime, whichever thread loads it first.
 */
export function useOrtLibrary(file: string | null): void {
  if (file !== null) process.env[variable] = path.resolve(file);
}

export function namedOrtLibrary(): string | null {
  return process.env[variable] || null;
}

/** Absolute path of the library. Throws `runtime_unavailable` where none is named and the package has none for this platform. */
export function findOrtLibrary(): string {
  return namedOrtLibrary() ?? findPackaged();
}

function findPackaged(): string {
  const root = path.resolve(path.dirname(createRequire(import.meta.url).resolve('onnxruntime-node')), '..');
  const folder = path.join(root, 'bin', 'napi-v6', process.platform, process.arch);
  const names = existsSync(folder) ? readdirSync(folder) : [];
  const library = names.find((name) => /^(lib)?onnxruntime(\.[\d.]+)?\.(so|dylib|dll)(\.[\d.]+)?$/.test(name));
  if (library === undefined) {
    throw new OctavoError(
      'runtime_unavailable',
      `onnxruntime-node ships no library for ${process.platform}-${process.arch}; it has Linux (x64, arm64), macOS (arm64) and Windows (x64, arm64).`,
    );
  }
  return path.join(folder, library);
}
