/** T5's decoder: one token a row, after the output so far and beside the whole prompt. */
import { crossAttention, noKeys, outputAttention } from './encoder-decoder-attention.js';
import type { GraphContext } from './graph-context.js';
import { logitsHead } from './head.js';
import type { ResidualStream } from './norm.js';
import { stepBias } from './relative-bias.js';
import { type RowLengths, rowLengths } from './sequence-lengths.js';
import { embedWords, feedForward, normed, projectHeads, projectOutput, type T5Model, type T5Tensors } from './t5.js';

interface StepInputs {
  /** int64 [batch_size, 1] */
  readonly ids: string;
  readonly output: RowLengths;
  readonly prompt: RowLengths;
  /** Biases of the scores with the output so far. */
  readonly bias: string;
}

/**
 * Draws the whole graph. Inputs: each row's newest token, masks that say how long its output (that token included) and its
 * prompt are, and both caches. Output: `logits`, float32 [batch_size, 1, vocab].
 */
export function drawT5Decoder(context: GraphContext, model: T5Model, tensors: T5Tensors): void {
  const inputs = stepInputs(context, model);
  const { layers, vocab, hidden } = model.shape;
  let stream: ResidualStream = { sum: embedWords(context, inputs.ids, { model, tensors }) };
  for (let layer = 0; layer < layers; layer++) {
    stream = attendToOutput(context, layer, { model, stream, inputs });
    stream = attendToPrompt(context, layer, { model, stream, inputs });
    stream = feedForward(context, `/layers.${layer}/mlp`, {
      ...{ model, stream, tensors: `decoder.block.${layer}.layer.2` },
    });
  }
  const final = normed(context, '/final_norm', { model, tensors: 'decoder.final_layer_norm', stream });
  logitsHead(context, {
    ...{ x: final.normed, tensor: tensors.head, tied: tensors.head === tensors.words, vocab, hidden },
    scale: model.logitScale,
  });
}

function stepInputs(context: GraphContext, model: T5Model): StepInputs {
  const { builder } = context;
  const mask = (name: string, length: string) => builder.input({ name, type: 'int64', dims: ['batch_size', length] });
  const ids = builder.input({ name: 'input_ids', type: 'int64', dims: ['batch_size', 1] });
  const outputMask = mask('attention_mask', 'total_sequence_length');
  const output = rowLengths(context, '/lengths', outputMask);
  const prompt = rowLengths(context, '/prompt_lengths', mask('encoder_attention_mask', 'encoder_attention_length'));
  const bias = stepBias(context, '/bias', {
    ...{ ...model.bias, heads: model.shape.heads, position: output.lastPosition, mask: outputMask },
    tensor: 'decoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight',
  });
  return { ids, output, prompt, bias };
}

interface LayerUse {
  readonly model: T5Model;
  readonly stream: ResidualStream;
  readonly inputs: StepInputs;
}

function attendToOutput(context: GraphContext, layer: number, { model, stream, inputs }: LayerUse): ResidualStream {
  const [path, tensors] = [`/layers.${layer}/self_attn`, `decoder.block.${layer}.layer.0`];
  const input = normed(context, `${path}/norm`, { model, stream, tensors: `${tensors}.layer_norm` });
  const block = { model, tensors: `${tensors}.SelfAttention` };
  const qkv = projectHeads(context, path, { ...block, parts: ['q', 'k', 'v'], x: input.normed });
  const { shape } = model;
  const attended = outputAttention(context, path, { layer, shape, qkv, bias: inputs.bias, lengths: inputs.output });
  return { ...input.stream, update: projectOutput(context, path, { ...block, x: attended }) };
}

function attendToPrompt(context: GraphContext, layer: number, { model, stream, inputs }: LayerUse): ResidualStream {
  const [path, tensors] = [`/layers.${layer}/cross_attn`, `decoder.block.${layer}.layer.1`];
  const input = normed(context, `${path}/norm`, { model, stream, tensors: `${tensors}.layer_norm` });
  const block = { model, tensors: `${tensors}.EncDecAttention` };
  const query = projectHeads(context, path, { ...block, parts: ['q'], x: input.normed });
  const attended = crossAttention(context, path, {
    ...{ layer, shape: model.shape, query, nothing: noKeys(context, path, query), lengths: inputs.prompt },
  });
  return { ...input.stream, update: projectOutput(context, path, { ...block, x: attended }) };
}
