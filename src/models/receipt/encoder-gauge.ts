/** Measures encoders: the vectors or labels that they give for texts. */
import type { EncoderShape } from '../encoder/encoder.js';
import { encoderShape } from '../encoder-plan.js';
import type { ValuesPair } from './comparison-protocol.js';
import { type EncoderText, readEncoderTexts } from './encoder-texts.js';
import { createGauge, type Gauge, graphsOf } from './gauge.js';
import type { GaugeOptions } from './gauge-options.js';
import { labelDistance, labelQuality } from './labels.js';
import { spread } from './spread.js';
import { vectorDistance, vectorQuality } from './vectors.js';

/** Texts that `probe` is made on. */
const probeTexts = 32;

export async function openEncoderGauge(options: GaugeOptions): Promise<Gauge> {
  const { model, reference, run } = options;
  const { info, texts } = await readEncoderTexts(model, options);
  const few = spread(texts).slice(0, probeTexts);
  const parts = {
    worker: new URL('./texts-worker.js', import.meta.url),
    setup: { ...run, reference: graphsOf(reference), shape: encoderShape(model.manifest), samples: texts },
    few,
  };
  const { task, scores = 'softmax' } = model.manifest;
  if (task === 'embed') {
    return createGauge<EncoderText, EncoderShape, ValuesPair>({
      ...parts,
      summarise: (pairs) => vectorQuality(info, pairs),
      distance: vectorDistance,
    });
  }
  const tags = task === 'tag';
  const use = { task: tags ? task : 'classify', text: info, scores } as const;
  return createGauge<EncoderText, EncoderShape, ValuesPair>({
    ...parts,
    summarise: (pairs) => labelQuality(use, tags ? tokenRows(pairs, texts) : pairs),
    distance: (pairs) => labelDistance(tags ? tokenRows(pairs, few) : pairs, scores),
  });
}

/** The logits of each token of the texts themselves; `pairs`: [tokens, labels] of each of `texts`. */
function tokenRows(pairs: readonly ValuesPair[], texts: readonly EncoderText[]): ValuesPair[] {
  return pairs.flatMap(({ reference, model }, index) => {
    const { ids, first, count } = texts[index]!;
    const labels = reference.length / ids.length;
    return Array.from({ length: count }, (_, token) => {
      const [start, end] = [(first + token) * labels, (first + token + 1) * labels];
      return { reference: reference.subarray(start, end), model: model.subarray(start, end) };
    });
  });
}
