/** The decoder that Llama made common: a norm before each block, and none after it. */
import { embedWords, finish, type GatedDecoder } from './gated-decoder.js';
import { gatedMlp } from './gated-mlp.js';
import type { GraphContext } from './graph-context.js';
import { layerRotaries } from './layer-rotaries.js';
import { type ResidualStream, streamNorm } from './norm.js';
import { selfAttention } from './self-attention.js';
import { decoderInputs } from './sequence-lengths.js';

/** Draws the whole graph; tensors carry the names of Hugging Face's LlamaForCausalLM. */
export function drawPreNormDecoder(context: GraphContext, model: GatedDecoder): void {
  const { shape, attention, bias, packed } = model;
  const norm = { ...model.norm, size: shape.hidden };
  const inputs = decoderInputs(context);
  const rotaries = layerRotaries(
    context,
    shape.headDim,
    model.layers.map(({ rotary }) => rotary),
  );
  let stream: ResidualStream = { sum: embedWords(context, inputs.ids, model) };
  model.layers.forEach(({ window }, layer) => {
    const path = `/layers.${layer}`;
    const tensors = `model.layers.${layer}`;
    const input = streamNorm(context, `${path}/input_layernorm`, {
      ...{ ...norm, stream, tensor: `${tensors}.input_layernorm.weight` },
    });
    const attended = selfAttention(context, `${path}/self_attn`, {
      ...{ layer, shape: attention, inputs, rotary: rotaries[layer] ?? null, window, bias, packed, x: input.normed },
      tensors: `${tensors}.self_attn`,
    });
    const middle = streamNorm(context, `${path}/post_attention_layernorm`, {
      ...{ ...norm, stream: { ...input.stream, update: attended } },
      tensor: `${tensors}.post_attention_layernorm.weight`,
    });
    const update = gatedMlp(context, `${path}/mlp`, {
      ...{ hidden: shape.hidden, intermediate: model.intermediate, gate: model.gate, packed, x: middle.normed },
      ...{ bias: bias.mlp, tensors: `${tensors}.mlp` },
    });
    stream = { ...middle.stream, update };
  });
  finish(context, model, { stream, inputs });
}
