/** What Llama and its relatives have in common: RMS norms, rotary attention, gated MLPs, a residual stream. */
import type { Manifest } from '../../manifest.js';
import type { AttentionShape } from './attention.js';
import { embedding } from './embedding.js';
import type { GraphContext } from './graph-context.js';
import { keptStates, logitsHead } from './head.js';
import type { Nonlinearity } from './nonlinearity.js';
import { type ResidualStream, type RmsNorm, rmsNorm } from './norm.js';
import type { Rotary } from './rotary.js';
import type { DecoderInputs } from './sequence-lengths.js';

export interface DecoderLayer {
  /** null: no positions in this layer. Layers with the same object share its tables. */
  readonly rotary: Rotary | null;
  /** Tokens that a token sees, itself included; null: all. */
  readonly window: number | null;
}

export interface GatedDecoder {
  readonly shape: Manifest['shape'];
  readonly attention: AttentionShape;
  readonly layers: readonly DecoderLayer[];
  readonly norm: RmsNorm;
  readonly intermediate: number;
  readonly gate: Nonlinearity;
  /** Factor on the embeddings. */
  readonly embeddingScale?: number;
  /** The embedding serves as the head. */
  readonly tied: boolean;
  /** Which linear layers have biases. */
  readonly bias: { readonly qkv: boolean; readonly output: boolean; readonly mlp: boolean };
  /** The checkpoint has query, key and value as one matrix, and gate and up as another. */
  readonly packed: boolean;
}

const wordsTensor = 'model.embed_tokens.weight';

/** float32 [batch_size, sequence_length, hidden]. */
export function embedWords(context: GraphContext, ids: string, model: GatedDecoder): string {
  const { vocab, hidden } = model.shape;
  return embedding(context, '/embed_tokens', {
    ...{ ids, matrix: { name: wordsTensor, parts: [{ tensor: wordsTensor, rows: vocab }], columns: hidden } },
    ...(model.embeddingScale !== undefined && { scale: model.embeddingScale }),
  });
}

/** The last norm and the head. Logits become softcap * tanh(logit / softcap) where `softcap` is given. */
export function finish(
  context: GraphContext,
  model: GatedDecoder,
  end: { readonly stream: ResidualStream; readonly inputs: DecoderInputs; readonly softcap?: number },
): void {
  const { shape, tied } = model;
  const normed = rmsNorm(context, '/model/norm', {
    ...{ ...model.norm, size: shape.hidden, tensor: 'model.norm.weight' },
    x: keptStates(context, end),
  });
  logitsHead(context, {
    ...{ x: normed, tensor: tied ? wordsTensor : 'lm_head.weight', tied, vocab: shape.vocab, hidden: shape.hidden },
    ...(end.softcap !== undefined && { softcap: end.softcap }),
  });
}
