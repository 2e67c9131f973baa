/** The samples of all runs so far, in a file of the cache folder: runs can be cut, chosen and repeated. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { cached } from './cache.mjs';

const file = cached('results.json');

/** `samples`: peer, shape, prompt, rows, round, prefill, decode, firstTokenMs; `failures`: why a peer has none. */
export function readResults() {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return { machine: null, peers: {}, samples: [], failures: {}, openLoop: [] };
  }
}

export function writeResults(results) {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify(results));
}

/** The values of one field, by round. */
export function valuesOf({ samples }, { peer, shape, prompt, rows }, field) {
  return samples
    .filter((one) => one.peer === peer && one.shape === shape && one.prompt === prompt && one.rows === rows)
    .map((one) => one[field])
    .filter((value) => value !== null && value !== undefined);
}
