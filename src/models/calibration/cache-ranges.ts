/** What the KV cache of a model holds: read off its FP32 build on the calibration text. */
import { OctavoError } from '../../errors.js';
import type { CacheRanges } from '../build/graph/cache-scales.js';
import { ownPorts } from '../decoder/decoder-ports.js';
import { openModelFolder } from '../model-folder.js';
import { type CalibrationText, calibrationPieces } from './calibration-text.js';
import { readPieces } from './capture.js';

export interface CacheRangeOptions {
  /** The folder of an FP32 build. */
  readonly reference: string;
  readonly text: CalibrationText;
  readonly threads: number;
}

/** Texts, each from its beginning: what the first tokens cache is often the largest. */
const length = { pieceTokens: 512, tokens: 4096 };

/** Throws what reading the text and running the model throw, and `invalid_model` for numbers that are not finite. */
export async function measureCacheRanges({ reference, text, threads }: CacheRangeOptions): Promise<CacheRanges> {
  const folder = await openModelFolder(reference);
  const { name, shape } = folder.manifest;
  const pieces = await calibrationPieces(text, folder, length);
  const capacity = Math.max(...pieces.map((ids) => ids.length));
  const setup = { graph: folder.graph, shape: { ...shape, rows: 1, capacity }, pieces, values: [], threads };
  const { cacheRanges } = await readPieces(setup);
  if (!cacheRanges.every((range) => range.every(Number.isFinite))) {
    throw new OctavoError('invalid_model', `${name} caches numbers that are not finite: they have no range.`);
  }
  return new Map(ownPorts(shape.layers).cache.present.map((output, index) => [output, cacheRanges[index]!]));
}
