/** Measures models that continue a text: their predictions of every token of the text they are given. */
import { createGauge, type Gauge, graphsOf } from './gauge.js';
import type { GaugeOptions } from './gauge-options.js';
import { chooseText } from './measurement-text.js';
import { cutPieces } from './pieces.js';
import { meanDivergence, predictionQuality, probeTokens } from './prediction-quality.js';
import { firstPredictions, type Window } from './windows.js';

export async function openWindowGauge(options: GaugeOptions): Promise<Gauge> {
  const { model, reference, run } = options;
  const { info, windows } = await chooseText(options);
  const { shape } = model.manifest;
  const cut = (some: readonly Window[]) => some.flatMap((window) => cutPieces(window, shape.vocab));
  return createGauge({
    worker: new URL('./windows-worker.js', import.meta.url),
    setup: {
      ...run,
      reference: graphsOf(reference),
      // One row that holds a window.
      shape: { ...shape, rows: 1, capacity: info.window },
      samples: cut(windows),
    },
    few: cut(firstPredictions(windows, probeTokens)),
    summarise: (results) => predictionQuality(info, results),
    distance: meanDivergence,
  });
}
