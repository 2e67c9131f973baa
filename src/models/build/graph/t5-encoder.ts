/** T5's encoder: from a prompt to the keys and values that each layer of the decoder attends to. */
import { promptAttention } from './encoder-decoder-attention.js';
import type { GraphContext } from './graph-context.js';
import { type Activation, activation, linear } from './linear.js';
import { wholeTensor } from './matrix.js';
import type { ResidualStream } from './norm.js';
import { textBias } from './relative-bias.js';
import { type RowLengths, rowLengths } from './sequence-lengths.js';
import { embedWords, feedForward, normed, projectHeads, projectOutput, type T5Model, type T5Tensors } from './t5.js';

/**
 * Draws the whole graph. Outputs: `present.N.encoder.key|value` for each layer N of the decoder, float32 [batch_size,
 * heads, sequence_length, headDim], and the encoder's states, `last_hidden_state`.
 */
export function drawT5Encoder(context: GraphContext, model: T5Model, tensors: T5Tensors): void {
  const { builder } = context;
  const dims = ['batch_size', 'sequence_length'] as const;
  const ids = builder.input({ name: 'input_ids', type: 'int64', dims });
  const mask = builder.input({ name: 'attention_mask', type: 'int64', dims });
  const lengths = rowLengths(context, '/lengths', mask);
  const { heads } = model.shape;
  const tensor = 'encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight';
  const bias = textBias(context, '/bias', { ...model.bias, heads, tensor, ids });
  let stream: ResidualStream = { sum: embedWords(context, ids, { model, tensors }) };
  for (let layer = 0; layer < model.encoderLayers; layer++) {
    stream = drawLayer(context, layer, { model, stream, bias, lengths });
  }
  const final = normed(context, '/final_norm', { model, tensors: 'encoder.final_layer_norm', stream });
  const states = builder.node('Identity', '/states', { inputs: [final.normed], outputs: ['last_hidden_state'] });
  builder.output({ name: states, type: 'float32', dims: [...dims, model.shape.hidden] });
  drawCrossCache(context, model, states);
}

function drawLayer(
  context: GraphContext,
  layer: number,
  use: { model: T5Model; stream: ResidualStream; bias: string; lengths: RowLengths },
): ResidualStream {
  const { model, bias, lengths } = use;
  const [path, tensors] = [`/layers.${layer}/self_attn`, `encoder.block.${layer}.layer.0`];
  const input = normed(context, `${path}/norm`, { ...use, tensors: `${tensors}.layer_norm` });
  const block = { model, tensors: `${tensors}.SelfAttention` };
  const qkv = projectHeads(context, path, { ...block, parts: ['q', 'k', 'v'], x: input.normed });
  const attended = promptAttention(context, path, { shape: model.shape, qkv, bias, lengths });
  const update = projectOutput(context, path, { ...block, x: attended });
  return feedForward(context, `/layers.${layer}/mlp`, {
    ...{ model, tensors: `encoder.block.${layer}.layer.1` },
    stream: { ...input.stream, update },
  });
}

/** The decoder's projections of the prompt: all of them read the same states, quantised once. */
function drawCrossCache(context: GraphContext, model: T5Model, states: string): void {
  const input = activation(context, '/cross', states);
  for (let layer = 0; layer < model.shape.layers; layer++) {
    for (const part of ['key', 'value'] as const) drawCrossPart(context, model, { layer, part, input });
  }
}

function drawCrossPart(
  context: GraphContext,
  model: T5Model,
  { layer, part, input }: { layer: number; part: 'key' | 'value'; input: Activation },
): void {
  const { builder } = context;
  const { heads, headDim, hidden } = model.shape;
  const path = `/cross.${layer}/${part}`;
  const tensor = `decoder.block.${layer}.layer.1.EncDecAttention.${part === 'key' ? 'k' : 'v'}.weight`;
  const flat = linear(context, path, { input, matrix: wholeTensor(tensor, heads * headDim, hidden), bias: false });
  const split = builder.node('Reshape', path, {
    inputs: [flat, builder.constant('int64', [0n, 0n, BigInt(heads), BigInt(headDim)], [4])],
  });
  const name = builder.node('Transpose', path, {
    ...{ inputs: [split], outputs: [`present.${layer}.encoder.${part}`] },
    attributes: { perm: [0n, 2n, 1n, 3n] },
  });
  builder.output({ name, type: 'float32', dims: ['batch_size', heads, 'sequence_length', headDim] });
}
