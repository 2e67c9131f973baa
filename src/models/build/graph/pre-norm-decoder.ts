/** The decoder that Llama made common: RMS norm before each block, rotary attention, gated MLP, residual stream. */
import type { Manifest } from '../../manifest.js';
import { type AttentionShape, attention, attentionInputs } from './attention.js';
import { embedding } from './embedding.js';
import { gatedMlp } from './gated-mlp.js';
import type { GraphContext } from './graph-context.js';
import { logitsHead } from './head.js';
import { type ResidualStream, rmsNorm } from './norm.js';
import { decoderInputs } from './sequence-lengths.js';

export interface PreNormDecoder {
  readonly shape: Manifest['shape'];
  readonly intermediate: number;
  readonly epsilon: number;
  /** Base of the rotary frequencies. */
  readonly theta: number;
  /** The embedding serves as the head. */
  readonly tied: boolean;
  /** Which linear layers have biases. */
  readonly bias: { readonly qkv: boolean; readonly output: boolean; readonly mlp: boolean };
}

/** Draws the whole graph; tensors carry the names of Hugging Face's LlamaForCausalLM. */
export function drawPreNormDecoder(context: GraphContext, model: PreNormDecoder): void {
  const { layers, hidden, vocab } = model.shape;
  const shape: AttentionShape = { ...model.shape, theta: model.theta, bias: model.bias };
  const norm = { hidden, epsilon: model.epsilon };
  const inputs = attentionInputs(context, decoderInputs(context), shape);
  const words = matrix('model.embed_tokens.weight', vocab, hidden);
  let stream: ResidualStream = { sum: embedding(context, '/embed_tokens', { ids: inputs.ids, matrix: words }) };
  for (let layer = 0; layer < layers; layer++) {
    const path = `/layers.${layer}`;
    const tensors = `model.layers.${layer}`;
    const input = rmsNorm(context, `${path}/input_layernorm`, {
      ...norm,
      tensor: `${tensors}.input_layernorm.weight`,
      stream,
    });
    const attended = attention(context, `${path}/self_attn`, {
      ...{ layer, shape, inputs, x: input.normed },
      tensors: `${tensors}.self_attn`,
    });
    const middle = rmsNorm(context, `${path}/post_attention_layernorm`, {
      ...norm,
      tensor: `${tensors}.post_attention_layernorm.weight`,
      stream: { ...input.stream, update: attended },
    });
    const update = gatedMlp(context, `${path}/mlp`, {
      ...{ hidden, intermediate: model.intermediate, bias: model.bias.mlp, x: middle.normed },
      tensors: `${tensors}.mlp`,
    });
    stream = { ...middle.stream, update };
  }
  logitsHead(context, {
    ...{ inputs, stream, vocab, tied: model.tied },
    norm: { ...norm, tensor: 'model.norm.weight' },
    matrix: headMatrix(context, model),
  });
}

/** In int8 a tied head is a second copy of the embedding: Gather and MatMulIntegerToFloat want opposite layouts. */
function headMatrix(context: GraphContext, { shape, tied }: PreNormDecoder) {
  const tensor = tied ? 'model.embed_tokens.weight' : 'lm_head.weight';
  const name = tied && context.precision === 'fp32' ? tensor : 'lm_head.weight';
  return { ...matrix(tensor, shape.vocab, shape.hidden), name };
}

function matrix(tensor: string, rows: number, columns: number) {
  return { name: tensor, parts: [{ tensor, rows }], columns };
}
