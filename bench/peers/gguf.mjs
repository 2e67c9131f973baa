/** Writes a checkpoint as GGUF version 3 (ggml's docs/gguf.md), in Q8_0 or Q4_0: the same weights, as llama.cpp has them. */
import { open, readFile } from 'node:fs/promises';
import path from 'node:path';
import { Checkpoint } from '../../dist/models/build/weights/checkpoint.js';
import { cached, once } from './cache.mjs';
import { checkpoint, product, tensorsOf } from './checkpoint.mjs';
import { blockTypes } from './ggml-blocks.mjs';
import { alignment, headerOf, padded } from './gguf-format.mjs';

/** The path of a shape's GGUF file, written when it is not there yet. */
export async function gguf(shape, quantisation) {
  const source = await checkpoint(shape);
  await once([shape, `gguf-${quantisation}`], (folder) => writeGguf(source, folder, quantisation));
  return cached(shape, `gguf-${quantisation}`, 'model.gguf');
}

async function writeGguf(source, folder, quantisation) {
  const json = async (name) => JSON.parse(await readFile(path.join(source, name), 'utf8'));
  const config = await json('config.json');
  const weights = await Checkpoint.open(source);
  const tensors = planTensors(config, quantisation);
  const output = await open(path.join(folder, 'model.gguf'), 'w');
  const head = headerOf({ ...metadataOf(config, quantisation), ...tokenizerOf(await json('tokenizer.json')) }, tensors);
  await output.writeFile(padded(head));
  for (const tensor of tensors) await writeTensor(output, tensor, { weights, config });
  await output.close();
  await weights.close();
}

/** In file order, with the offset of each. Like llama-quantize: vectors in F32, and in Q4_0 the head, here the embedding, in Q8_0. */
function planTensors(config, quantisation) {
  let offset = 0;
  return Object.entries(tensorsOf(config)).map(([name, shape]) => {
    const blocks = blockTypes[name.includes('embed_tokens') ? 'Q8_0' : quantisation];
    const isMatrix = shape.length === 2;
    const bytes = isMatrix ? (product(shape) / 32) * blocks.bytes : product(shape) * 4;
    const tensor = { source: name, name: ggufName(name), shape, blocks: isMatrix ? blocks : null, offset };
    offset += Math.ceil(bytes / alignment) * alignment;
    return tensor;
  });
}

const names = {
  'model.embed_tokens': 'token_embd',
  'model.norm': 'output_norm',
  'self_attn.q_proj': 'attn_q',
  'self_attn.k_proj': 'attn_k',
  'self_attn.v_proj': 'attn_v',
  'self_attn.o_proj': 'attn_output',
  'mlp.gate_proj': 'ffn_gate',
  'mlp.up_proj': 'ffn_up',
  'mlp.down_proj': 'ffn_down',
  input_layernorm: 'attn_norm',
  post_attention_layernorm: 'ffn_norm',
};

function ggufName(name) {
  const [, layer, part, kind] = /^(?:model\.layers\.(\d+)\.)?(.+)\.(weight|bias)$/.exec(name);
  return `${layer === undefined ? '' : `blk.${layer}.`}${names[part]}.${kind}`;
}

function metadataOf(config, quantisation) {
  const type = config.model_type;
  const headDim = config.hidden_size / config.num_attention_heads;
  return {
    'general.architecture': ['string', type],
    'general.name': ['string', 'random weights'],
    // LLAMA_FTYPE_MOSTLY_Q8_0 and _Q4_0.
    'general.file_type': ['uint32', quantisation === 'Q8_0' ? 7 : 2],
    'general.quantization_version': ['uint32', 2],
    [`${type}.context_length`]: ['uint32', config.max_position_embeddings],
    [`${type}.embedding_length`]: ['uint32', config.hidden_size],
    [`${type}.block_count`]: ['uint32', config.num_hidden_layers],
    [`${type}.feed_forward_length`]: ['uint32', config.intermediate_size],
    [`${type}.attention.head_count`]: ['uint32', config.num_attention_heads],
    [`${type}.attention.head_count_kv`]: ['uint32', config.num_key_value_heads],
    [`${type}.attention.layer_norm_rms_epsilon`]: ['float32', config.rms_norm_eps],
    [`${type}.rope.freq_base`]: ['float32', config.rope_theta],
    [`${type}.rope.dimension_count`]: ['uint32', headDim],
    [`${type}.vocab_size`]: ['uint32', config.vocab_size],
  };
}

function tokenizerOf({ model, added_tokens: added }) {
  const tokens = Object.entries(model.vocab).sort(([, a], [, b]) => a - b);
  const special = new Set(added.map(({ id }) => id));
  return {
    'tokenizer.ggml.model': ['string', 'gpt2'],
    'tokenizer.ggml.pre': ['string', 'qwen2'],
    'tokenizer.ggml.tokens': ['array', 'string', tokens.map(([token]) => token)],
    // 1: normal, 3: control.
    'tokenizer.ggml.token_type': ['array', 'int32', tokens.map(([, id]) => (special.has(id) ? 3 : 1))],
    // The vocabulary has no merges; an empty list is refused.
    'tokenizer.ggml.merges': ['array', 'string', ['t 1']],
    'tokenizer.ggml.eos_token_id': ['uint32', added.at(-1).id],
  };
}

async function writeTensor(output, { source, name, shape, blocks }, { weights, config }) {
  const rows = shape.length === 2 ? shape[0] : 1;
  const columns = shape.at(-1);
  const heads = rotatedHeads(name, config);
  // A piece is a whole number of heads, or of rows of at most 16 MiB.
  const count = heads === null ? Math.max(1, Math.floor((1 << 22) / columns)) : rows;
  const pieces = [];
  for (let row = 0; row < rows; row += count) {
    let values = await weights.read(source, row * columns, Math.min(count, rows - row) * columns);
    if (heads !== null) values = interleave(values, heads, columns);
    pieces.push(
      blocks === null ? Buffer.from(values.buffer, values.byteOffset, values.byteLength) : blocks.quantise(values),
    );
  }
  await output.writeFile(padded(Buffer.concat(pieces)));
}

/** Llama in ggml rotates neighbours, Hugging Face's rotates halves: number of heads whose rows change places, or null. */
function rotatedHeads(name, config) {
  if (config.model_type !== 'llama') return null;
  if (name.endsWith('attn_q.weight')) return config.num_attention_heads;
  return name.endsWith('attn_k.weight') ? config.num_key_value_heads : null;
}

function interleave(values, heads, columns) {
  const result = new Float32Array(values.length);
  const half = values.length / columns / heads / 2;
  for (let head = 0; head < heads; head++) {
    for (let i = 0; i < half; i++) {
      for (const side of [0, 1]) {
        const from = (head * 2 * half + side * half + i) * columns;
        result.set(values.subarray(from, from + columns), (head * 2 * half + 2 * i + side) * columns);
      }
    }
  }
  return result;
}
