/** The runs of a decoder beside what the machine can do at most. */
import { openModelFolder } from '../models/model-folder.js';
import { readGraphFile } from '../models/onnx-file/inspect-graph.js';
import type { MachineLimits } from '../models/roofline/machine-limits.js';
import { type ModelWork, workOf } from '../models/roofline/model-work.js';
import { type Shares, sharesOf } from '../models/roofline/shares.js';
import type { DecoderRun } from './bench-decoder.js';

/** The work of each kind of run; they differ where the prompt has a graph of its own. */
export type DecoderWork = Readonly<Record<DecoderRun['kind'], ModelWork>>;

/** Throws as `openModelFolder`. */
export async function readWork(folder: string): Promise<DecoderWork> {
  const { graph, encoderGraph, manifest } = await openModelFolder(folder);
  const read = (file: string) => workOf(readGraphFile(file).facts, manifest.shape.vocab);
  const decode = read(graph);
  return { decode, prefill: encoderGraph === null ? decode : read(encoderGraph) };
}

/** Of the median step of each run. */
export function sharesOfRuns(runs: readonly DecoderRun[], work: DecoderWork, limits: MachineLimits): Shares[] {
  return runs.map(({ kind, rows, tokens, medianStepMs }) =>
    sharesOf({ seconds: medianStepMs / 1000, tokens, rows }, work[kind], limits),
  );
}

export function describeLimits({ readBytesPerSecond, int8MacsPerSecond }: MachineLimits): string {
  const read = (readBytesPerSecond / 1e9).toFixed(1);
  const macs = (int8MacsPerSecond / 1e9).toFixed(0);
  return `reads ${read} GB/s, multiplies ${macs} G pairs of 8-bit integers a second`;
}
