/** T5's blocks (arXiv 1910.10683), which its encoder and its decoder share: RMS norms, no biases, an MLP with or without a gate. */
import type { Manifest } from '../../manifest.js';
import { embedding } from './embedding.js';
import { gatedMlp } from './gated-mlp.js';
import type { GraphContext } from './graph-context.js';
import { activation, linear } from './linear.js';
import { type Matrix, wholeTensor } from './matrix.js';
import { mlp } from './mlp.js';
import type { Nonlinearity } from './nonlinearity.js';
import { type ResidualStream, streamNorm } from './norm.js';
import type { RelativeBias } from './relative-bias.js';

export interface T5Model {
  /** `layers` are the decoder's. */
  readonly shape: Manifest['shape'];
  readonly encoderLayers: number;
  readonly intermediate: number;
  readonly epsilon: number;
  readonly nonlinearity: Nonlinearity;
  /** The MLP has a gate. */
  readonly gated: boolean;
  readonly bias: Omit<RelativeBias, 'heads'>;
  /** Factor on the logits. */
  readonly logitScale: number;
}

/** Where a checkpoint has what is not in a block. */
export interface T5Tensors {
  /** [vocab, hidden] */
  readonly words: string;
  /** [vocab, hidden]; the words again where they serve as the head. */
  readonly head: string;
}

/** A stack's embedding: float32 [batch_size, sequence_length, hidden]. */
export function embedWords(context: GraphContext, ids: string, use: { model: T5Model; tensors: T5Tensors }): string {
  const { vocab, hidden } = use.model.shape;
  return embedding(context, '/embed_tokens', { ids, matrix: wholeTensor(use.tensors.words, vocab, hidden) });
}

/** The norm before a block, or after the last one. `tensors` is the prefix of its `.weight`. */
export function normed(
  context: GraphContext,
  path: string,
  use: { model: T5Model; tensors: string; stream: ResidualStream },
) {
  const { shape, epsilon } = use.model;
  return streamNorm(context, path, {
    ...{ epsilon, offset: 0, size: shape.hidden },
    ...{ tensor: `${use.tensors}.weight`, stream: use.stream },
  });
}

/** Projections of an attention block side by side, of `x` [..., hidden]: [..., heads * headDim for each of `parts`]. */
export function projectHeads(
  context: GraphContext,
  path: string,
  use: { model: T5Model; tensors: string; parts: readonly ('q' | 'k' | 'v')[]; x: string },
): string {
  const { hidden, heads, headDim } = use.model.shape;
  const matrix: Matrix = {
    name: `${use.tensors}.${use.parts.join('')}.weight`,
    parts: use.parts.map((part) => ({ tensor: `${use.tensors}.${part}.weight`, rows: heads * headDim })),
    columns: hidden,
  };
  const step = `${path}/${use.parts.join('')}`;
  return linear(context, step, { input: activation(context, step, use.x), matrix, bias: false });
}

/** [..., heads * headDim] to [..., hidden]. */
export function projectOutput(
  context: GraphContext,
  path: string,
  use: { model: T5Model; tensors: string; x: string },
): string {
  const { hidden, heads, headDim } = use.model.shape;
  const input = activation(context, `${path}/o`, use.x);
  const matrix = wholeTensor(`${use.tensors}.o.weight`, hidden, heads * headDim);
  return linear(context, `${path}/o`, { input, matrix, bias: false });
}

/** The feed-forward block of a layer; `tensors` is its prefix in the checkpoint. */
export function feedForward(
  context: GraphContext,
  path: string,
  use: { model: T5Model; tensors: string; stream: ResidualStream },
): ResidualStream {
  const { shape, intermediate, nonlinearity, gated } = use.model;
  const input = normed(context, `${path}/norm`, { ...use, tensors: `${use.tensors}.layer_norm` });
  const tensors = `${use.tensors}.DenseReluDense`;
  const sizes = { x: input.normed, hidden: shape.hidden, intermediate };
  const update = gated
    ? gatedMlp(context, path, {
        ...{ ...sizes, gate: nonlinearity, bias: false, packed: false, tensors },
        names: { gate: 'wi_0', up: 'wi_1', down: 'wo' },
      })
    : mlp(context, path, {
        ...{ x: input.normed, nonlinearity, bias: false },
        up: wholeTensor(`${tensors}.wi.weight`, intermediate, shape.hidden),
        down: wholeTensor(`${tensors}.wo.weight`, shape.hidden, intermediate),
      });
  return { ...input.stream, update };
}
