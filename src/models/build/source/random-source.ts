/** A model source of random weights in a named shape: for load tests and benchmarks, where only the speed is real. */
import { OctavoError } from '../../../errors.js';
import { RandomWeights } from '../weights/random-weights.js';
import { byteTokenizerFiles, byteTokens } from './byte-tokenizer.js';
import { jsonBytes, type ModelSource } from './model-source.js';

const llama = { architectures: ['LlamaForCausalLM'], model_type: 'llama', rms_norm_eps: 1e-5, rope_theta: 10_000 };
const qwen2 = { architectures: ['Qwen2ForCausalLM'], model_type: 'qwen2', rms_norm_eps: 1e-6, rope_theta: 1_000_000 };
const bert = {
  ...{
    architectures: ['BertModel'],
    model_type: 'bert',
    hidden_act: 'gelu',
    layer_norm_eps: 1e-12,
    type_vocab_size: 2,
  },
};

/** The config.json fields of each shape that differ from the others'. */
const shapes = {
  'qwen2.5-0.5b': {
    ...qwen2,
    ...{ num_hidden_layers: 24, hidden_size: 896, intermediate_size: 4864, vocab_size: 151_936 },
    ...{ num_attention_heads: 14, num_key_value_heads: 2, max_position_embeddings: 32_768 },
  },
  'llama-3.2-1b': {
    ...llama,
    ...{ num_hidden_layers: 16, hidden_size: 2048, intermediate_size: 8192, vocab_size: 128_256, rope_theta: 500_000 },
    ...{ num_attention_heads: 32, num_key_value_heads: 8, max_position_embeddings: 131_072 },
  },
  concierge: {
    ...llama,
    ...{ num_hidden_layers: 6, hidden_size: 256, intermediate_size: 768, vocab_size: 4096 },
    ...{ num_attention_heads: 4, num_key_value_heads: 2, max_position_embeddings: 512 },
  },
  stories260k: {
    ...llama,
    ...{ num_hidden_layers: 5, hidden_size: 64, intermediate_size: 172, vocab_size: 512 },
    ...{ num_attention_heads: 8, num_key_value_heads: 4, max_position_embeddings: 512 },
  },
  'flan-t5-base': {
    ...{ architectures: ['T5ForConditionalGeneration'], model_type: 't5', scale_decoder_outputs: false },
    ...{ num_layers: 12, d_model: 768, num_heads: 12, d_kv: 64, d_ff: 2048, feed_forward_proj: 'gated-gelu' },
    ...{ vocab_size: 32_128, n_positions: 512, max_position_embeddings: 512 },
  },
  'bert-base': {
    ...bert,
    ...{ num_hidden_layers: 12, hidden_size: 768, intermediate_size: 3072, vocab_size: 30_522 },
    ...{ num_attention_heads: 12, max_position_embeddings: 512 },
  },
  'minilm-l6': {
    ...bert,
    ...{ num_hidden_layers: 6, hidden_size: 384, intermediate_size: 1536, vocab_size: 30_522 },
    ...{ num_attention_heads: 12, max_position_embeddings: 512 },
  },
  /** For tests: families at a size that builds and loads in milliseconds. */
  'tiny-llama': {
    ...llama,
    ...{ num_hidden_layers: 2, hidden_size: 32, intermediate_size: 64, vocab_size: 320 },
    ...{ num_attention_heads: 2, num_key_value_heads: 1, max_position_embeddings: 128 },
  },
  'tiny-qwen2': {
    ...qwen2,
    ...{ num_hidden_layers: 2, hidden_size: 64, intermediate_size: 96, vocab_size: 320 },
    ...{ num_attention_heads: 4, num_key_value_heads: 2, max_position_embeddings: 128 },
  },
  'tiny-bert': {
    ...bert,
    ...{ num_hidden_layers: 2, hidden_size: 32, intermediate_size: 64, vocab_size: 320 },
    ...{ num_attention_heads: 4, max_position_embeddings: 128 },
  },
} as const;

export type ShapeName = keyof typeof shapes;

export const shapeNames = Object.keys(shapes) as readonly ShapeName[];

/** `seed`: unsigned 32 bits. Throws `invalid_config` for an unknown shape or another seed. */
export function randomSource(shape: string, seed: number): ModelSource {
  if (!Object.hasOwn(shapes, shape)) {
    throw new OctavoError('invalid_config', `There is no shape ${shape}; there are: ${shapeNames.join(', ')}.`);
  }
  if (seed >>> 0 !== seed) {
    throw new OctavoError('invalid_config', `The seed must be a whole number from 0 to ${0xffffffff}.`);
  }
  const fields = shapes[shape as ShapeName];
  const tokens = { eos_token_id: byteTokens.imEnd, pad_token_id: byteTokens.endOfText };
  const card = `# ${shape}, random weights (seed ${seed})\n\nIt has the shape of ${shape} and has learnt nothing: its output is noise. For measuring speed only.\n`;
  return {
    config: { hidden_act: 'silu', ...fields, ...tokens, bos_token_id: null, tie_word_embeddings: true },
    generation: { ...tokens, eos_token_id: [byteTokens.imEnd, byteTokens.endOfText] },
    modules: { pooling: 'mean', normalise: true, maxTokens: null },
    files: new Map([
      ...Object.entries(byteTokenizerFiles(fields.max_position_embeddings, fields.vocab_size)).map(
        ([name, value]) => [name, jsonBytes(value)] as const,
      ),
      ['MODEL_CARD.md', new TextEncoder().encode(card)],
    ]),
    weights: new RandomWeights(seed),
  };
}
