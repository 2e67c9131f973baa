/** The decoders in GPT-2's line: LayerNorm before each block, learned or rotary positions, no gate in the MLP, biases. */
import type { Manifest } from '../../manifest.js';
import { attention, type LayerRotary } from './attention.js';
import { embedding } from './embedding.js';
import type { GraphContext } from './graph-context.js';
import { keptStates, logitsHead } from './head.js';
import { type BiasedStream, layerNorm } from './layer-norm.js';
import { layerRotaries } from './layer-rotaries.js';
import { activation, addBias, addFloatRows, biasOf, linear } from './linear.js';
import { type Matrix, wholeTensor } from './matrix.js';
import { mlp } from './mlp.js';
import type { Nonlinearity } from './nonlinearity.js';
import type { Rotary } from './rotary.js';
import { type DecoderInputs, decoderInputs, positionIds } from './sequence-lengths.js';

export interface LayerNormDecoder {
  readonly shape: Manifest['shape'];
  readonly epsilon: number;
  readonly nonlinearity: Nonlinearity;
  /** The embedding serves as the head. */
  readonly tied: boolean;
  readonly bias: { readonly attention: boolean; readonly mlp: boolean };
  /** Attention and MLP both read the layer's input (GPT-NeoX, arXiv 2204.06745); otherwise the MLP reads after attention. */
  readonly parallel: boolean;
  /** null: positions are learned. */
  readonly rotary: Rotary | null;
}

/** Where a checkpoint has the tensors. Norms are prefixes of `.weight` and `.bias`. */
export interface LayerNormTensors {
  /** [vocab, hidden] */
  readonly words: string;
  /** [context, hidden], learned; null with rotary positions. */
  readonly positions: Matrix | null;
  readonly finalNorm: string;
  /** [vocab, hidden]; the words again where they serve as the head. */
  readonly head: string;
  layer(index: number): LayerTensors;
}

export interface LayerTensors {
  readonly attentionNorm: string;
  readonly mlpNorm: string;
  /** [3 * hidden, hidden]: all heads' queries, then keys, then values. */
  readonly qkv: Matrix;
  readonly output: Matrix;
  readonly up: Matrix;
  readonly down: Matrix;
  /** Factor on the attention scores; 1 / sqrt(headDim) when left out. */
  readonly scale?: number;
}

/** Draws the whole graph. */
export function drawLayerNormDecoder(context: GraphContext, model: LayerNormDecoder, tensors: LayerNormTensors): void {
  const { layers, hidden, vocab } = model.shape;
  const inputs = decoderInputs(context);
  let stream = embed(context, inputs, { tensors, model });
  const [rotary = null] = layerRotaries(context, model.shape.headDim, [model.rotary]);
  for (let layer = 0; layer < layers; layer++) {
    stream = drawLayer(context, `/layers.${layer}`, {
      ...{ layer, model, inputs, rotary, stream },
      tensors: tensors.layer(layer),
    });
  }
  const kept = keptStates(context, { stream, inputs });
  const sum = stream.bias ? context.builder.node('Add', '/keep/bias', { inputs: [kept, stream.bias] }) : kept;
  const final = { tensors: tensors.finalNorm, hidden, epsilon: model.epsilon, stream: { sum } };
  const { normed } = layerNorm(context, '/final_norm', final);
  logitsHead(context, { x: normed, tensor: tensors.head, tied: model.tied, vocab, hidden });
}

/** Learned positions wait as an update: the first norm adds them. */
function embed(
  context: GraphContext,
  inputs: DecoderInputs,
  { tensors, model }: { tensors: LayerNormTensors; model: LayerNormDecoder },
): BiasedStream {
  const { vocab, hidden } = model.shape;
  const words = wholeTensor(tensors.words, vocab, hidden);
  const sum = embedding(context, '/embed_tokens', { ids: inputs.ids, matrix: words });
  if (tensors.positions === null) return { sum };
  // Float in every precision: small beside the words, and added to each of them.
  addFloatRows(context, tensors.positions);
  const update = context.builder.node('Gather', '/embed_positions', {
    inputs: [tensors.positions.name, positionIds(context)],
  });
  return { sum, update };
}

interface LayerUse {
  readonly layer: number;
  readonly model: LayerNormDecoder;
  readonly tensors: LayerTensors;
  readonly inputs: DecoderInputs;
  readonly rotary: LayerRotary | null;
  readonly stream: BiasedStream;
}

/** The biases of output and down projection are left to the next norm, which adds them with the residual. */
function drawLayer(context: GraphContext, path: string, use: LayerUse): BiasedStream {
  const { model, tensors } = use;
  const norm = { hidden: model.shape.hidden, epsilon: model.epsilon };
  const input = layerNorm(context, `${path}/attention_norm`, {
    ...norm,
    tensors: tensors.attentionNorm,
    stream: use.stream,
  });
  const attended = selfAttention(context, `${path}/attention`, { ...use, x: input.normed });
  const attentionBias = model.bias.attention;
  const stream: BiasedStream = model.parallel
    ? input.stream
    : { ...input.stream, update: attended, bias: attentionBias ? biasOf(context, tensors.output) : undefined };
  const middle = layerNorm(context, `${path}/mlp_norm`, { ...norm, tensors: tensors.mlpNorm, stream });
  const fed = mlp(context, `${path}/mlp`, {
    ...{ x: middle.normed, up: tensors.up, down: tensors.down },
    ...{ bias: model.bias.mlp, nonlinearity: model.nonlinearity },
  });
  const bias = model.bias.mlp ? biasOf(context, tensors.down) : undefined;
  if (!model.parallel) return { ...middle.stream, update: fed, bias };
  const shifted = attentionBias ? addBias(context, path, { x: attended, matrix: tensors.output }) : attended;
  return { ...middle.stream, update: context.builder.node('Add', `${path}/both`, { inputs: [shifted, fed] }), bias };
}

/** float32 [batch_size, sequence_length, hidden], without the bias of the output projection. */
function selfAttention(context: GraphContext, path: string, use: LayerUse & { readonly x: string }): string {
  const { layer, model, tensors, inputs, rotary } = use;
  const qkv = linear(context, `${path}/qkv`, {
    input: activation(context, `${path}/qkv`, use.x),
    matrix: tensors.qkv,
    bias: model.bias.attention,
  });
  const attended = attention(context, path, {
    ...{ layer, inputs, qkv, rotary, window: null, tensors: path },
    shape: { ...model.shape, ...(tensors.scale !== undefined && { scale: tensors.scale }) },
  });
  const input = activation(context, `${path}/output`, attended);
  return linear(context, `${path}/output`, { input, matrix: tensors.output, bias: false });
}
