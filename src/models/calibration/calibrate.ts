/** Calibration of an INT8 build: reads a little text with the FP32 model, and moves the range of its activations into weights. */
import { join } from 'node:path';
import { writeWithOutputs } from '../build/extra-outputs.js';
import { familyOf } from '../build/families/families.js';
import type { Calibration, Factors } from '../build/graph/factors.js';
import { type Matrix, matrixRows, rowBlocks } from '../build/graph/matrix.js';
import { drawGraphFiles } from '../build/graph-files.js';
import { openCheckpointSource, readConfig } from '../build/source/checkpoint-source.js';
import type { Weights } from '../build/weights/weights.js';
import { openModelFolder } from '../model-folder.js';
import { type CalibrationText, calibrationPieces } from './calibration-text.js';
import { readPieces } from './capture.js';
import { chooseExponents } from './migration.js';
import { type MigrationSite, migrationSites } from './sites.js';

export interface CalibrationOptions {
  /** The Hugging Face folder. */
  readonly source: string;
  /** The folder of its FP32 build; a graph is written into it. */
  readonly reference: string;
  readonly text: CalibrationText;
  readonly threads: number;
}

type OnProgress = (progress: { readonly done: number; readonly total: number; readonly what: string }) => void;

/** Tokens of a piece at most, and about of all. */
const [pieceTokens, calibrationTokens] = [64, 256];

/** Weights of a matrix that are looked at: this many of its outputs at most. */
const sampledOutputs = 192;

/** Whether there is something to calibrate in a checkpoint: decoders alone read a text by one graph, activations by row. */
export async function isCalibrated(source: string): Promise<boolean> {
  const config = await readConfig(source);
  const { output, encoder } = familyOf(config).plan(config);
  return output === undefined && encoder === undefined;
}

/** What an INT8 build should move: nothing where that gains nothing. Throws as building and running do. */
export async function calibrate(options: CalibrationOptions, onProgress: OnProgress = () => {}): Promise<Calibration> {
  const checkpoint = await openCheckpointSource(options.source);
  try {
    const { config, modules, weights } = checkpoint;
    const drawn = drawGraphFiles(familyOf(config).plan(config, modules), {
      ...{ weights, precision: 'int8', weightLimit: 127 },
    });
    const sites = migrationSites(drawn.model.graph);
    const tell = (done: number, what: string) => onProgress({ done, total: sites.length, what });
    tell(0, 'reading the calibration text');
    const activations = await capture(options, sites);
    const factors = new Map<string, Factors>();
    const caches = new Map<string, Float32Array>();
    const moved: string[] = [];
    for (const [index, site] of sites.entries()) {
      tell(index, `calibrating ${site.layer.name}`);
      const { rowOf, rows } = site;
      const sample = { x: activations[index]!, weights: await sampleWeights(weights, site.matrices), rowOf, rows };
      const exponents = chooseExponents(sample);
      if (exponents === undefined) continue;
      moveRange({ factors, caches }, site, exponents);
      moved.push(site.layer.name);
    }
    tell(sites.length, '');
    return { factors, moved, caches };
  } finally {
    await checkpoint.weights.close();
  }
}

/** What each site's layer reads, [tokens, channels]. */
async function capture(options: CalibrationOptions, sites: readonly MigrationSite[]) {
  const { text, threads } = options;
  const folder = await openModelFolder(options.reference);
  const { shape } = folder.manifest;
  const values = sites.map(({ layer, rowOf }) => ({ name: layer.input, channels: rowOf.length }));
  const graph = join(folder.graph, '..', 'calibration.onnx');
  await writeWithOutputs(folder.graph, values, graph);
  const pieces = await calibrationPieces(text, folder, { pieceTokens, tokens: calibrationTokens });
  const capacity = Math.min(pieceTokens, shape.context);
  const { activations } = await readPieces({ graph, shape: { ...shape, rows: 1, capacity }, pieces, values, threads });
  return activations;
}

/** Some outputs of the matrices, evenly spread, [outputs, columns]. */
async function sampleWeights(weights: Weights, matrices: readonly Matrix[]): Promise<Float32Array> {
  const total = matrices.reduce((sum, matrix) => sum + matrixRows(matrix), 0);
  const every = Math.max(1, Math.ceil(total / sampledOutputs));
  const columns = matrices[0]?.columns ?? 0;
  const sample = new Float32Array(Math.ceil(total / every) * columns);
  let [seen, taken] = [0, 0];
  for (const matrix of matrices) {
    for await (const { block } of rowBlocks(weights, matrix)) {
      for (let start = 0; start < block.length; start += columns, seen++) {
        if (seen % every === 0) sample.set(block.subarray(start, start + columns), columns * taken++);
      }
    }
  }
  return sample;
}

interface Moves {
  readonly factors: Map<string, Factors>;
  readonly caches: Map<string, Float32Array>;
}

/** A tensor can be at both ends: the matrix of queries, keys and values reads one activation and makes another. */
export function moveRange({ factors, caches }: Moves, site: MigrationSite, exponents: Int32Array): void {
  const rows = Float32Array.from(exponents, (exponent) => 2 ** -exponent);
  const columns = Float32Array.from(site.rowOf, (row) => 2 ** exponents[row]!);
  for (const name of site.makers) factors.set(name, { ...factors.get(name), rows });
  for (const { name } of site.matrices) factors.set(name, { ...factors.get(name), columns });
  // The values that heads share are the last rows that make them.
  if (site.cache !== undefined) caches.set(site.cache, rows.slice(Math.min(...site.rowOf)));
}
