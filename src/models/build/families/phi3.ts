/** Phi-3, Phi-3.5 and Phi-4-mini (arXiv 2404.14219): Llama with packed projections and, in the long variants, LongRoPE. */
import { drawPreNormDecoder } from '../graph/pre-norm-decoder.js';
import { readGatedDecoder, requireNonlinearity, withWindows } from './decoder-config.js';
import type { Family } from './family.js';
import { readWindow } from './layer-types.js';

export const phi3: Family = {
  modelType: 'phi3',
  plan(config) {
    requireNonlinearity(config, 'hidden_act', ['silu']);
    const base = readGatedDecoder(config, { tied: false, theta: 10_000 });
    const window = readWindow(config);
    const layers = withWindows(
      base,
      base.layers.map(() => window),
    );
    return {
      shape: base.shape,
      draw: (context) => drawPreNormDecoder(context, { ...base, layers, packed: true }),
    };
  },
};
