/** Octavo's own folders of a shape, built from the same checkpoint as the peers' files. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { cached, once, runProgram } from './cache.mjs';
import { checkpoint } from './checkpoint.mjs';

const dist = new URL('../../dist/', import.meta.url).pathname;

/** The folder of a shape in a precision of `octavo build`, and with more of its flags, built when this code has not built it yet. */
export async function octavoModel(shape, precision = 'int8', more = []) {
  const source = await checkpoint(shape);
  const name = ['octavo', precision, ...more.filter((flag) => !flag.startsWith('--')), builderHash()].join('-');
  await once([shape, name], (folder) => {
    const flags = ['--precision', precision, '--no-receipt', ...more];
    const args = [path.join(dist, 'cli.js'), 'build', source, '--out', path.join(folder, 'model'), ...flags];
    return runProgram(process.execPath, args);
  });
  return cached(shape, name, 'model');
}

/** Of the code that builds: another one may draw another graph. */
function builderHash() {
  const folder = path.join(dist, 'models/build');
  const files = readdirSync(folder, { recursive: true }).filter((name) => name.endsWith('.js'));
  const hash = createHash('sha256');
  for (const file of files.sort()) hash.update(file).update(readFileSync(path.join(folder, file)));
  return hash.digest('hex').slice(0, 8);
}
