/** The decoder of Gemma 2 and 3: a norm before and after each block, scaled embeddings, capped logits. */
import { embedWords, finish, type GatedDecoder } from './gated-decoder.js';
import { gatedMlp } from './gated-mlp.js';
import type { GraphContext } from './graph-context.js';
import { layerRotaries } from './layer-rotaries.js';
import { type ResidualStream, rmsNorm, streamNorm } from './norm.js';
import { selfAttention } from './self-attention.js';
import { decoderInputs } from './sequence-lengths.js';

export interface SandwichNormDecoder extends GatedDecoder {
  /** Logits become softcap * tanh(logit / softcap). */
  readonly softcap?: number;
}

/** Draws the whole graph; tensors carry the names of Hugging Face's Gemma2ForCausalLM. */
export function drawSandwichNormDecoder(context: GraphContext, model: SandwichNormDecoder): void {
  const { shape, attention, bias, packed, softcap } = model;
  const norm = { ...model.norm, size: shape.hidden };
  const inputs = decoderInputs(context);
  const rotaries = layerRotaries(
    context,
    shape.headDim,
    model.layers.map(({ rotary }) => rotary),
  );
  let stream: ResidualStream = { sum: embedWords(context, inputs.ids, model) };
  model.layers.forEach(({ window }, layer) => {
    const named = (part: string) => ({ path: `/layers.${layer}/${part}`, tensor: `model.layers.${layer}.${part}` });
    const before = (part: string, from: ResidualStream) =>
      streamNorm(context, named(part).path, { ...norm, stream: from, tensor: `${named(part).tensor}.weight` });
    const after = (part: string, x: string) =>
      rmsNorm(context, named(part).path, { ...norm, x, tensor: `${named(part).tensor}.weight` });
    const input = before('input_layernorm', stream);
    const attended = selfAttention(context, named('self_attn').path, {
      ...{ layer, shape: attention, inputs, rotary: rotaries[layer] ?? null, window, bias, packed, x: input.normed },
      tensors: named('self_attn').tensor,
    });
    const update = after('post_attention_layernorm', attended);
    const middle = before('pre_feedforward_layernorm', { ...input.stream, update });
    const fed = gatedMlp(context, named('mlp').path, {
      ...{ hidden: shape.hidden, intermediate: model.intermediate, gate: model.gate, packed, x: middle.normed },
      ...{ bias: bias.mlp, tensors: named('mlp').tensor },
    });
    stream = { ...middle.stream, update: after('post_feedforward_layernorm', fed) };
  });
  finish(context, model, { stream, inputs, ...(softcap !== undefined && { softcap }) });
}
