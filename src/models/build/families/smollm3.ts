/** SmolLM3 (huggingface.co/blog/smollm3): Llama with no positions in some layers (NoPE, arXiv 2501.18795). */
import { z } from 'zod';
import { drawPreNormDecoder } from '../graph/pre-norm-decoder.js';
import { check, maxLayers, readFields, readFlag, size } from './config-fields.js';
import { readGatedDecoder, requireNonlinearity, withWindows } from './decoder-config.js';
import type { Family } from './family.js';
import { readSlidingLayers, readWindow } from './layer-types.js';

const schema = z.object({
  /** 1 for a layer with positions, 0 for one without. */
  no_rope_layers: z
    .array(z.union([z.literal(0), z.literal(1)]))
    .max(maxLayers)
    .nullish(),
  /** Without that list, every so many layers one is without. */
  no_rope_layer_interval: size(maxLayers).nullish(),
});

export const smollm3: Family = {
  modelType: 'smollm3',
  plan(config) {
    requireNonlinearity(config, 'hidden_act', ['silu']);
    const base = readGatedDecoder(config, { tied: true, theta: 2_000_000 });
    const count = base.shape.layers;
    const { no_rope_layers: list, no_rope_layer_interval: interval } = readFields(config, schema);
    check(!list || list.length >= count, `no_rope_layers has ${list?.length} entries; there must be ${count}.`);
    const rotates = base.layers.map((_, layer) => (list ? list[layer] === 1 : (layer + 1) % (interval ?? 4) !== 0));
    const window = readFlag(config, 'use_sliding_window') ? readWindow(config) : null;
    const sliding = readSlidingLayers(config, count, (layer) => !rotates[layer]);
    const windowed = withWindows(
      base,
      sliding.map((slides) => (slides ? window : null)),
    );
    const attentionBias = readFlag(config, 'attention_bias');
    const model = {
      ...base,
      layers: windowed.map((layer, index) => (rotates[index] ? layer : { ...layer, rotary: null })),
      bias: { qkv: attentionBias, output: attentionBias, mlp: readFlag(config, 'mlp_bias') },
    };
    return { shape: model.shape, draw: (context) => drawPreNormDecoder(context, model) };
  },
};
