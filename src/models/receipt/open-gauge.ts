/** Chooses how a model is measured, by what it gives. */
import { openAnswerGauge } from './answer-gauge.js';
import { openEncoderGauge } from './encoder-gauge.js';
import type { Gauge } from './gauge.js';
import type { GaugeOptions } from './gauge-options.js';
import { openWindowGauge } from './window-gauge.js';

/** Reads or samples the text. Throws `invalid_config` for a file that cannot be used. */
export function openGauge(options: GaugeOptions): Promise<Gauge> {
  const { task, encoder } = options.model.manifest;
  if (task !== 'generate') return openEncoderGauge(options);
  return encoder ? openAnswerGauge(options) : openWindowGauge(options);
}
