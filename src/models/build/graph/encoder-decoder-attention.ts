/** The three attentions of an encoder-decoder, each by GroupQueryAttention; every row has its own length in all of them. */
import type { GraphContext } from './graph-context.js';
import type { RowLengths } from './sequence-lengths.js';

/** Scores are taken as they are: T5 folds their factor into its weights. */
export interface HeadsShape {
  readonly heads: number;
  readonly headDim: number;
}

/** The prompt's attention to itself: no cache, no direction. float32 [batch_size, sequence_length, heads * headDim]. */
export function promptAttention(
  { builder }: GraphContext,
  path: string,
  use: { shape: HeadsShape; qkv: string; bias: string; lengths: RowLengths },
): string {
  const { seqlens, totalLength } = use.lengths;
  return builder.node('GroupQueryAttention', path, {
    inputs: [use.qkv, '', '', '', '', seqlens, totalLength, '', '', '', use.bias],
    attributes: { ...attributes(use.shape), causal: 0n },
  });
}

/** The newest token's attention to the output so far; appends to the cache `decoder`. float32 [batch_size, 1, heads * headDim]. */
export function outputAttention(
  context: GraphContext,
  path: string,
  use: { layer: number; shape: HeadsShape; qkv: string; bias: string; lengths: RowLengths },
): string {
  const { seqlens, totalLength } = use.lengths;
  const cache = declareCache(context, { ...use, part: 'decoder', length: 'past_sequence_length' });
  const attended = context.builder.node('GroupQueryAttention', path, {
    inputs: [use.qkv, '', '', ...cache.past, seqlens, totalLength, '', '', '', use.bias],
    outputs: [`${path}/GroupQueryAttention/output_0`, ...cache.present],
    attributes: attributes(use.shape),
  });
  cache.declareOutputs('total_sequence_length');
  return attended;
}

/**
 * The newest token's attention to the prompt, whose keys and values the cache `encoder` holds. They are only read: with no
 * new key the operator takes the cache as complete (its shared mode), and each row costs its own prompt's length. ONNX
 * Runtime 1.30 wants the outputs of the cache nevertheless. float32 [batch_size, 1, heads * headDim].
 */
export function crossAttention(
  context: GraphContext,
  path: string,
  use: { layer: number; shape: HeadsShape; query: string; nothing: string; lengths: RowLengths },
): string {
  const { seqlens, totalLength } = use.lengths;
  const cache = declareCache(context, { ...use, part: 'encoder', length: 'encoder_sequence_length' });
  const attended = context.builder.node('GroupQueryAttention', path, {
    inputs: [use.query, use.nothing, use.nothing, ...cache.past, seqlens, totalLength],
    outputs: [`${path}/GroupQueryAttention/output_0`, ...cache.present],
    attributes: { ...attributes(use.shape), causal: 0n },
  });
  cache.declareOutputs('encoder_sequence_length');
  return attended;
}

/** No new keys for `crossAttention`: float32 [batch_size, 0, columns of x]. */
export function noKeys({ builder }: GraphContext, path: string, x: string): string {
  const at = (value: bigint) => builder.constant('int64', [value], [1]);
  return builder.node('Slice', path, { inputs: [x, at(0n), at(0n), at(1n)] });
}

/** `past_key_values.N.<part>.key|value` as inputs, `present.N.<part>.key|value` as names for outputs. */
function declareCache(
  { builder }: GraphContext,
  { layer, part, shape, length }: { layer: number; part: 'decoder' | 'encoder'; shape: HeadsShape; length: string },
) {
  const value = (name: string, tokens: string) =>
    ({ name, type: 'float32', dims: ['batch_size', shape.heads, tokens, shape.headDim] }) as const;
  const names = ['key', 'value'].map((kind) => `${layer}.${part}.${kind}`);
  const present = names.map((name) => `present.${name}`);
  return {
    past: names.map((name) => builder.input(value(`past_key_values.${name}`, length))),
    present,
    declareOutputs(tokens: string): void {
      for (const name of present) builder.output(value(name, tokens));
    },
  };
}

function attributes({ heads }: HeadsShape) {
  return { num_heads: BigInt(heads), kv_num_heads: BigInt(heads), scale: 1 };
}
