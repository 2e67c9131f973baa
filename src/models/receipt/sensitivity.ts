/** Which linear layers cost most: how far a model moves when one of them alone is quantised and all else stays FP32. */
import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { FactorTable } from '../build/graph/factors.js';
import { writeProbes } from '../build/probe.js';
import { openModelFolder } from '../model-folder.js';
import type { Gauge } from './gauge.js';
import type { OnProgress } from './progress.js';

export interface Sensitivity {
  /** Path of the layer in the graph, such as `layers.3/mlp/down_proj`. */
  readonly layer: string;
  /** Of the layer's weights in all quantised weights. */
  readonly share: number;
  /** From FP32, by the measure of `Gauge.probe`. */
  readonly divergence: number;
}

export interface SensitivityOptions {
  /** The Hugging Face folder that both models were built from. */
  readonly source: string;
  /** Folders of the FP32 and of the INT8 build. */
  readonly reference: string;
  readonly model: string;
  /** What both have moved between weights. */
  readonly factors?: FactorTable;
}

/** All quantised layers, the costliest first. Embeddings are left out: their rounding is by far the smallest. */
export async function measureSensitivity(
  options: SensitivityOptions,
  gauge: Gauge,
  onProgress: OnProgress,
): Promise<readonly Sensitivity[]> {
  const [reference, model] = [await openModelFolder(options.reference), await openModelFolder(options.model)];
  const out = join(options.reference, `probes-${randomUUID()}`);
  try {
    const keep = model.manifest.kept ?? [];
    const probes = await writeProbes({ ...options, reference, model, keep, out });
    const tell = (done: number, what: string) => onProgress({ done, total: probes.length, what });
    const distances = await gauge.probe(probes, (index) => tell(index, `quantising ${probes[index]!.layer} alone`));
    tell(probes.length, '');
    return probes
      .map(({ layer, share }, index) => ({ layer, share, divergence: distances[index]! }))
      .toSorted((a, b) => b.divergence - a.divergence);
  } finally {
    await rm(out, { recursive: true, force: true });
  }
}
