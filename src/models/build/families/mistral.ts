/** Mistral (arXiv 2310.06825): Llama with a sliding window in every layer, unless config.json says null. */
import { drawPreNormDecoder } from '../graph/pre-norm-decoder.js';
import { readGatedDecoder, requireNonlinearity, withWindows } from './decoder-config.js';
import type { Family } from './family.js';
import { readWindow } from './layer-types.js';

/** What a config.json without `sliding_window` means. */
const defaultWindow = 4096;

export const mistral: Family = {
  modelType: 'mistral',
  plan(config) {
    requireNonlinearity(config, 'hidden_act', ['silu']);
    const model = readGatedDecoder(config, { tied: false, theta: 10_000 });
    const window = config.sliding_window === undefined ? defaultWindow : readWindow(config);
    const layers = withWindows(
      model,
      model.layers.map(() => window),
    );
    return { shape: model.shape, draw: (context) => drawPreNormDecoder(context, { ...model, layers }) };
  },
};
