/** Octavo's own folders of a shape, built from the same checkpoint as the peers' files. */
import path from 'node:path';
import { cached, once, runProgram } from './cache.mjs';
import { checkpoint } from './checkpoint.mjs';

const cli = new URL('../../dist/cli.js', import.meta.url).pathname;

/** The folder of a shape in a precision of `octavo build`, built when it is not there yet, or was by another version. */
export async function octavoModel(shape, precision = 'int8') {
  const source = await checkpoint(shape);
  await once([shape, `octavo-${precision}`], (folder) => {
    const out = path.join(folder, 'model');
    return runProgram(process.execPath, [cli, 'build', source, '--out', out, '--precision', precision, '--no-receipt']);
  });
  return cached(shape, `octavo-${precision}`, 'model');
}
