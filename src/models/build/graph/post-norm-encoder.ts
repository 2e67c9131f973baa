/** The encoders in BERT's line (arXiv 1810.04805): learned positions, LayerNorm after each block, biases everywhere. */
import type { Manifest } from '../../manifest.js';
import { embedding } from './embedding.js';
import { type EncoderInputs, textPositions, tokenTypes } from './encoder-inputs.js';
import type { GraphContext } from './graph-context.js';
import { postNorm } from './layer-norm.js';
import { activation, addFloatRows, biasOf, linear } from './linear.js';
import { type Matrix, packedVector, wholeTensor } from './matrix.js';
import { mlp } from './mlp.js';
import type { Nonlinearity } from './nonlinearity.js';
import { textAttention } from './text-attention.js';

export interface PostNormEncoder {
  readonly shape: Manifest['shape'];
  readonly epsilon: number;
  readonly nonlinearity: Nonlinearity;
  /** The caller may give the kind of each token (`token_type_ids`); otherwise all are of the first. */
  readonly typesGiven: boolean;
}

/** Where a checkpoint has the tensors. Norms are prefixes of `.weight` and `.bias`. */
export interface PostNormTensors {
  /** [vocab, hidden] */
  readonly words: string;
  /** [positions, hidden]; row 0 is of a text's first token. */
  readonly positions: Matrix;
  /** [kinds, hidden]; null where tokens are all of one kind. */
  readonly types: Matrix | null;
  readonly embeddingNorm: string;
  layer(index: number): PostNormLayer;
}

export interface PostNormLayer {
  /** [3 * hidden, hidden]: all heads' queries, then keys, then values. */
  readonly qkv: Matrix;
  readonly output: Matrix;
  readonly attentionNorm: string;
  readonly up: Matrix;
  readonly down: Matrix;
  readonly mlpNorm: string;
}

export interface PostNormUse {
  readonly model: PostNormEncoder;
  readonly tensors: PostNormTensors;
  readonly inputs: EncoderInputs;
  /** Added to the attention scores of every layer (`TextAttentionUse`). */
  readonly scoreBias?: string | undefined;
}

/** The last hidden states, float32 [batch_size, sequence_length, hidden]. */
export function drawPostNormEncoder(context: GraphContext, use: PostNormUse): string {
  let states = embed(context, use);
  for (let layer = 0; layer < use.model.shape.layers; layer++) {
    states = drawLayer(context, `/layers.${layer}`, { ...use, layer: use.tensors.layer(layer), states });
  }
  return states;
}

/** Words, positions and kinds, summed and normalised. */
function embed(context: GraphContext, { model, tensors, inputs }: PostNormUse): string {
  const { builder } = context;
  const { shape, epsilon } = model;
  const matrix = wholeTensor(tensors.words, shape.vocab, shape.hidden);
  const sum = embedding(context, '/embed_tokens', { ids: inputs.ids, matrix });
  // Float in every precision: small beside the words, and added to each of them.
  addFloatRows(context, tensors.positions);
  const last = (tensors.positions.parts[0]?.rows ?? 1) - 1;
  const indices = textPositions(context, '/embed_positions', { ids: inputs.ids, last });
  const positions = builder.node('Gather', '/embed_positions', { inputs: [tensors.positions.name, indices] });
  const norm = { tensors: tensors.embeddingNorm, hidden: shape.hidden, epsilon };
  if (tensors.types === null)
    return postNorm(context, '/embed_norm', { ...norm, stream: { sum: positions, update: sum } });
  if (!model.typesGiven) {
    const bias = firstType(context, tensors.types);
    return postNorm(context, '/embed_norm', { ...norm, stream: { sum: positions, update: sum, bias } });
  }
  addFloatRows(context, tensors.types);
  const types = builder.node('Gather', '/embed_types', { inputs: [tensors.types.name, tokenTypes(context)] });
  const extra = builder.node('Add', '/embed_types', { inputs: [types, positions] });
  return postNorm(context, '/embed_norm', { ...norm, stream: { sum: extra, update: sum } });
}

/** The row of the first kind as a vector, [hidden]. */
function firstType({ builder, weights }: GraphContext, types: Matrix): string {
  const [part] = types.parts;
  const tensor = part?.tensor ?? types.name;
  weights.expect(tensor, [part?.rows ?? 1, types.columns]);
  builder.initializers(packedVector(weights, tensor, [{ tensor, length: types.columns }]));
  return tensor;
}

/** Biases of output and down projection are added by the norm after them. */
function drawLayer(
  context: GraphContext,
  path: string,
  use: PostNormUse & { readonly layer: PostNormLayer; readonly states: string },
): string {
  const { model, layer, states, inputs, scoreBias: bias } = use;
  const norm = { hidden: model.shape.hidden, epsilon: model.epsilon };
  const input = activation(context, `${path}/attention/qkv`, states);
  const qkv = linear(context, `${path}/attention/qkv`, { input, matrix: layer.qkv, bias: true });
  const attended = textAttention(context, `${path}/attention`, { shape: model.shape, lengths: inputs, qkv, bias });
  const output = linear(context, `${path}/attention/output`, {
    ...{ input: activation(context, `${path}/attention/output`, attended), matrix: layer.output, bias: false },
  });
  const middle = postNorm(context, `${path}/attention_norm`, {
    ...{ ...norm, tensors: layer.attentionNorm },
    stream: { sum: states, update: output, bias: biasOf(context, layer.output) },
  });
  const fed = mlp(context, `${path}/mlp`, {
    ...{ x: middle, up: layer.up, down: layer.down, bias: true, nonlinearity: model.nonlinearity },
  });
  return postNorm(context, `${path}/mlp_norm`, {
    ...{ ...norm, tensors: layer.mlpNorm },
    stream: { sum: middle, update: fed, bias: biasOf(context, layer.down) },
  });
}
