/** The runs of a decoder beside what the machine can do at most. */
import { invariant } from '../errors.js';
import { readGraphFile } from '../models/onnx-file/inspect-graph.js';
import { openFolder } from '../models/open-folder.js';
import type { MachineLimits } from '../models/roofline/machine-limits.js';
import { type ModelWork, workOf } from '../models/roofline/model-work.js';
import { type Shares, sharesOf } from '../models/roofline/shares.js';
import type { DecoderRun } from './bench-decoder.js';

/** The work of each kind of run; they differ where the prompt has a graph of its own. */
export type DecoderWork = Readonly<Record<DecoderRun['kind'], ModelWork>>;

/** `folder` is a decoder's. Throws as `openFolder`. */
export async function readWork(folder: string): Promise<DecoderWork> {
  const { graph, plan } = await openFolder(folder);
  invariant(plan.kind === 'decoder', 'only decoders are held against the limits');
  const read = (file: string) => {
    const work = workOf(readGraphFile(file).facts, plan.shape.vocab);
    // Blocks in graphs by others may have any size, which their tensors alone do not tell.
    return plan.ports === undefined ? work : { ...work, macsPerToken: 0, macsPerLogits: 0 };
  };
  const decode = read(graph);
  return { decode, prefill: plan.encoder === undefined ? decode : read(plan.encoder.graph) };
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
