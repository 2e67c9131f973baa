/** ModernBERT's encoder (arXiv 2412.13663): norms before each block, rotary positions, gated MLPs, windows in most layers. */
import type { Manifest } from '../../manifest.js';
import type { LayerRotary } from './attention.js';
import { embedding } from './embedding.js';
import { type EncoderInputs, textPositions } from './encoder-inputs.js';
import { gatedMlp } from './gated-mlp.js';
import type { GraphContext } from './graph-context.js';
import { layerNorm } from './layer-norm.js';
import { layerRotaries } from './layer-rotaries.js';
import { activation, linear } from './linear.js';
import { wholeTensor } from './matrix.js';
import type { Nonlinearity } from './nonlinearity.js';
import type { ResidualStream } from './norm.js';
import type { Rotary } from './rotary.js';
import { textAttention } from './text-attention.js';

export interface PreNormEncoder {
  readonly shape: Manifest['shape'];
  readonly norm: { readonly epsilon: number; readonly biasless: boolean };
  readonly intermediate: number;
  readonly gate: Nonlinearity;
  readonly bias: { readonly attention: boolean; readonly mlp: boolean };
  readonly layers: readonly {
    readonly rotary: Rotary;
    /** A token sees those at most this far away, on either side; null: all. */
    readonly reach: number | null;
  }[];
}

export interface PreNormUse {
  readonly model: PreNormEncoder;
  readonly inputs: EncoderInputs;
  /** Of the checkpoint's tensors, which have the names of Hugging Face's ModernBertModel. */
  readonly prefix: string;
}

/** The last hidden states, normalised, float32 [batch_size, sequence_length, hidden]. */
export function drawPreNormEncoder(context: GraphContext, use: PreNormUse): string {
  const { model, inputs, prefix } = use;
  const { shape, layers } = model;
  const norm = { ...model.norm, hidden: shape.hidden };
  const rotaries = layerRotaries(
    context,
    shape.headDim,
    layers.map(({ rotary }) => rotary),
  );
  const reach = layers.find((layer) => layer.reach !== null)?.reach ?? null;
  const window = reach === null ? undefined : windowBias(context, { inputs, reach, shape });
  const words = wholeTensor(`${prefix}embeddings.tok_embeddings.weight`, shape.vocab, shape.hidden);
  const first = embedding(context, '/embed_tokens', { ids: inputs.ids, matrix: words });
  const embedded = layerNorm(context, '/embed_norm', {
    ...{ ...norm, tensors: `${prefix}embeddings.norm`, stream: { sum: first } },
  });
  let stream: ResidualStream = { sum: embedded.normed };
  layers.forEach((layer, index) => {
    stream = drawLayer(context, index, {
      ...{ ...use, stream, rotary: rotaries[index] ?? undefined },
      bias: layer.reach === null ? undefined : window,
    });
  });
  return layerNorm(context, '/final_norm', { ...norm, tensors: `${prefix}final_norm`, stream }).normed;
}

interface LayerUse extends PreNormUse {
  readonly stream: ResidualStream;
  readonly rotary: LayerRotary | undefined;
  /** Added to the attention scores. */
  readonly bias: string | undefined;
}

/** The first layer reads the embeddings as they are: they are normalised already. */
function drawLayer(context: GraphContext, index: number, use: LayerUse): ResidualStream {
  const { model, prefix } = use;
  const { hidden } = model.shape;
  const [path, tensors] = [`/layers.${index}`, `${prefix}layers.${index}`];
  const norm = { ...model.norm, hidden };
  const before = { ...norm, tensors: `${tensors}.attn_norm`, stream: use.stream };
  const input =
    index === 0 ? { normed: use.stream.sum, stream: use.stream } : layerNorm(context, `${path}/attn_norm`, before);
  const attended = selfAttention(context, `${path}/attn`, { ...use, tensors: `${tensors}.attn`, x: input.normed });
  const middle = layerNorm(context, `${path}/mlp_norm`, {
    ...{ ...norm, tensors: `${tensors}.mlp_norm`, stream: { ...input.stream, update: attended } },
  });
  const update = gatedMlp(context, `${path}/mlp`, {
    ...{ x: middle.normed, hidden, intermediate: model.intermediate, gate: model.gate, bias: model.bias.mlp },
    ...{ packed: true, tensors: `${tensors}.mlp`, names: { gate: 'Wi_gate', up: 'Wi_up', down: 'Wo', packed: 'Wi' } },
  });
  return { ...middle.stream, update };
}

function selfAttention(
  context: GraphContext,
  path: string,
  use: LayerUse & { readonly tensors: string; readonly x: string },
): string {
  const { model, inputs, tensors } = use;
  const { shape, bias } = model;
  const width = shape.heads * shape.headDim;
  const qkv = linear(context, `${path}/qkv`, {
    input: activation(context, `${path}/qkv`, use.x),
    matrix: wholeTensor(`${tensors}.Wqkv.weight`, 3 * width, shape.hidden),
    bias: bias.attention,
  });
  const attended = textAttention(context, path, { ...use, shape, lengths: inputs, qkv });
  return linear(context, `${path}/output`, {
    input: activation(context, `${path}/output`, attended),
    matrix: wholeTensor(`${tensors}.Wo.weight`, shape.hidden, width),
    bias: bias.attention,
  });
}

/** float32 [1, 1, sequence_length, sequence_length]: 0 within reach, beyond it so little that the softmax makes 0 of it. */
function windowBias(
  context: GraphContext,
  { inputs, reach, shape }: { inputs: EncoderInputs; reach: number; shape: Manifest['shape'] },
): string {
  const { builder } = context;
  const path = '/window';
  const positions = textPositions(context, path, { ids: inputs.ids, last: shape.context - 1 });
  const along = (axes: readonly bigint[]) =>
    builder.node('Unsqueeze', path, { inputs: [positions, builder.constant('int64', axes, [axes.length])] });
  const distance = builder.node('Sub', path, { inputs: [along([0n, 1n, 2n]), along([0n, 1n, 3n])] });
  const far = builder.node('Greater', path, {
    inputs: [builder.node('Abs', path, { inputs: [distance] }), builder.constant('int64', [BigInt(reach)])],
  });
  // Finite, so that rows of padding, which may see nothing, stay finite too.
  return builder.node('Where', path, {
    inputs: [far, builder.constant('float32', [-1e9]), builder.constant('float32', [0])],
  });
}
