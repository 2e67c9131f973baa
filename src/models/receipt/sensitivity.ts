/** Which linear layers cost most: the perplexity when one of them alone is quantised and all else stays FP32. */
import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeProbes } from '../build/probe.js';
import { openModelFolder } from '../model-folder.js';
import { compareModels } from './comparer.js';
import { summarise } from './comparison.js';
import type { MeasureOptions } from './measure.js';
import { chooseText } from './measurement-text.js';
import type { OnProgress } from './progress.js';

export interface Sensitivity {
  /** Path of the layer in the graph, such as `layers.3/mlp/down_proj`. */
  readonly layer: string;
  /** Change of perplexity, as in a receipt. */
  readonly change: number;
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
  onProgress: OnProgress,
): Promise<readonly Sensitivity[]> {
  const [reference, model] = [await openModelFolder(options.reference), await openModelFolder(options.model)];
  const tokens = Math.min(options.tokens ?? probeTokens, probeTokens);
  const { windows, info } = await chooseText({ ...options, tokens }, model, () => {});
  const out = join(options.reference, `probes-${randomUUID()}`);
  try {
    const { graph } = reference;
    const probes = await writeProbes({ source: options.source, reference: graph, model: model.graph, out });
    const shape = { ...model.manifest.shape, rows: 1, capacity: info.window };
    const found: Sensitivity[] = [];
    for (const probe of probes) {
      onProgress({ done: found.length, total: probes.length, what: `quantising ${probe.layer} alone` });
      const comparison = await compareModels({ ...options, reference: graph, model: probe.graph, shape }, windows);
      found.push({ layer: probe.layer, change: summarise(comparison).perplexity.change });
    }
    onProgress({ done: probes.length, total: probes.length, what: '' });
    return found.toSorted((a, b) => b.change - a.change);
  } finally {
    await rm(out, { recursive: true, force: true });
  }
}
