/** The end of an encoder: a vector for each text, or logits of labels for each text or token. */
import type { EncoderInputs } from './encoder-inputs.js';
import type { GraphContext } from './graph-context.js';
import { layerNorm } from './layer-norm.js';
import { activation, linear } from './linear.js';
import { wholeTensor } from './matrix.js';
import { applyNonlinearity, type Nonlinearity } from './nonlinearity.js';
import { normalise, type Pooling, pool } from './pooling.js';

/** What the last hidden states become. */
export type EncoderHead = EmbeddingHead | LabelHead;

export interface EmbeddingHead {
  readonly task: 'embed';
  readonly pooling: Pooling;
  /** Vectors of length 1. */
  readonly normalise: boolean;
  /** A layer between pooling and normalisation. */
  readonly dense: (DenseLayer & { readonly dimensions: number }) | null;
}

export interface LabelHead {
  readonly task: 'classify' | 'tag';
  readonly labels: number;
  /** The token that stands for the text; a tagger labels them all. */
  readonly pooling: Pooling;
  /** Between the states and the classifier, as wide as they are. */
  readonly dense: DenseLayer | null;
  /** Prefix of `.weight`, [labels, hidden], and `.bias`. */
  readonly classifier: string;
}

export interface DenseLayer {
  /** Prefix of `.weight` and, if it has one, `.bias`. */
  readonly tensors: string;
  readonly bias: boolean;
  readonly nonlinearity: Nonlinearity | 'tanh' | null;
  /** A norm after it; null: none. */
  readonly norm: { readonly tensors: string; readonly epsilon: number; readonly biasless: boolean } | null;
}

export interface HeadUse {
  readonly head: EncoderHead;
  /** float32 [batch_size, sequence_length, hidden] */
  readonly states: string;
  readonly hidden: number;
  readonly inputs: EncoderInputs;
}

/**
 * Adds the outputs: `last_hidden_state` and `sentence_embedding`, float32 [batch_size, dimensions]; or `logits`, float32
 * [batch_size, labels], of a tagger [batch_size, sequence_length, labels]. Float in every precision: a head is small and
 * nothing after it evens out what it loses.
 */
export function encoderHead(context: GraphContext, use: HeadUse): void {
  const float: GraphContext = { ...context, precision: 'fp32' };
  if (use.head.task === 'embed') embeddingHead(float, { ...use, head: use.head });
  else labelHead(float, { ...use, head: use.head });
}

function embeddingHead(context: GraphContext, use: HeadUse & { readonly head: EmbeddingHead }): void {
  const { builder } = context;
  const { head, hidden } = use;
  const { pooling, dense } = head;
  const states = builder.node('Identity', '/states', { inputs: [use.states], outputs: ['last_hidden_state'] });
  builder.output({ name: states, type: 'float32', dims: ['batch_size', 'sequence_length', hidden] });
  const dimensions = dense?.dimensions ?? hidden;
  const pooled = pool(context, '/pooling', { ...use, pooling });
  const projected = dense
    ? denseLayer(context, '/dense', { dense, x: pooled, rows: dimensions, columns: hidden })
    : pooled;
  const vector = head.normalise ? normalise(context, '/normalise', projected) : projected;
  const name = builder.node('Identity', '/embedding', { inputs: [vector], outputs: ['sentence_embedding'] });
  builder.output({ name, type: 'float32', dims: ['batch_size', dimensions] });
}

function labelHead(context: GraphContext, use: HeadUse & { readonly head: LabelHead }): void {
  const { builder } = context;
  const { head, hidden } = use;
  const { task, labels, dense, classifier } = head;
  const x = task === 'tag' ? use.states : pool(context, '/pooling', { ...use, pooling: head.pooling });
  const prepared = dense ? denseLayer(context, '/dense', { dense, x, rows: hidden, columns: hidden }) : x;
  const last = { tensors: classifier, bias: true, nonlinearity: null, norm: null };
  const logits = denseLayer(context, '/classifier', { dense: last, x: prepared, rows: labels, columns: hidden });
  const name = builder.node('Identity', '/logits', { inputs: [logits], outputs: ['logits'] });
  const length = task === 'tag' ? (['sequence_length'] as const) : [];
  builder.output({ name, type: 'float32', dims: ['batch_size', ...length, labels] });
}

function denseLayer(
  context: GraphContext,
  path: string,
  { dense, x, rows, columns }: { dense: DenseLayer; x: string; rows: number; columns: number },
): string {
  const { nonlinearity: kind, norm } = dense;
  const projected = linear(context, path, {
    input: activation(context, path, x),
    matrix: wholeTensor(`${dense.tensors}.weight`, rows, columns),
    bias: dense.bias,
  });
  const bent = bend(context, path, { x: projected, kind });
  if (norm === null) return bent;
  return layerNorm(context, `${path}/norm`, { ...norm, hidden: rows, stream: { sum: bent } }).normed;
}

function bend(
  context: GraphContext,
  path: string,
  { x, kind }: { x: string; kind: DenseLayer['nonlinearity'] },
): string {
  if (kind === null) return x;
  if (kind === 'tanh') return context.builder.node('Tanh', path, { inputs: [x] });
  return applyNonlinearity(context, path, { x, kind });
}
