/** Which linear layers cost most: how far predictions move when one of them alone is quantised and all else stays FP32. */
import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeProbes } from '../build/probe.js';
import { openModelFolder } from '../model-folder.js';
import { summarise } from './comparison.js';
import type { MeasureOptions } from './measure.js';
import type { MeasurementText } from './measurement-text.js';
import { compareGraphs } from './prober.js';
import type { OnProgress } from './progress.js';
import { firstPredictions } from './windows.js';

export interface Sensitivity {
  /** Path of the layer in the graph, such as `layers.3/mlp/down_proj`. */
  readonly layer: string;
  /** Of the layer's weights in all quantised weights. */
  readonly share: number;
  /** Kullback-Leibler divergence as in a receipt: of all measures the one with least chance in it. */
  readonly divergence: number;
}

export interface SensitivityOptions extends MeasureOptions {
  /** The Hugging Face folder that both models were built from. */
  readonly source: string;
}

/** Predictions that each layer is measured on. */
const probeTokens = 512;

/** All quantised layers, the costliest first. Embeddings are left out: their rounding is by far the smallest. */
export async function measureSensitivity(
  options: SensitivityOptions,
  { info, windows }: MeasurementText,
  onProgress: OnProgress,
): Promise<readonly Sensitivity[]> {
  const [reference, model] = [await openModelFolder(options.reference), await openModelFolder(options.model)];
  const out = join(options.reference, `probes-${randomUUID()}`);
  try {
    const { graph } = reference;
    const keep = model.manifest.kept ?? [];
    const probes = await writeProbes({ source: options.source, reference: graph, model: model.graph, keep, out });
    const shape = { ...model.manifest.shape, rows: 1, capacity: info.window };
    const setup = { ...options, reference: graph, windows: firstPredictions(windows, probeTokens), shape };
    const tell = (done: number, what: string) => onProgress({ done, total: probes.length, what });
    const comparisons = await compareGraphs(
      setup,
      probes.map((probe) => probe.graph),
      (index) => tell(index, `quantising ${probes[index]!.layer} alone`),
    );
    tell(probes.length, '');
    return probes
      .map(({ layer, share }, index) => ({ layer, share, divergence: summarise(comparisons[index]!).divergence }))
      .toSorted((a, b) => b.divergence - a.divergence);
  } finally {
    await rm(out, { recursive: true, force: true });
  }
}
