/** Finds the ONNX Runtime library that the onnxruntime-node package ships for this platform. */
import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { OctavoError } from '../../errors.js';

/** Absolute path of the library. Throws `runtime_unavailable` where the package has none for this platform. */
export function findOrtLibrary(): string {
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
