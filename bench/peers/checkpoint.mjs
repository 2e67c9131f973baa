/** A checkpoint of random weights in Hugging Face's format (BF16), from which every peer's own file is made. */
import { open, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { randomSource } from '../../dist/models/build/source/random-source.js';
import { once } from './cache.mjs';

const seed = 1;

/** The folder of a shape's checkpoint, written when it is not there yet. */
export function checkpoint(shape) {
  return once([shape, 'checkpoint'], (folder) => writeCheckpoint(shape, folder));
}

/** `folder` is there, and empty. */
export async function writeCheckpoint(shape, folder) {
  const { config, generation, files, weights } = randomSource(shape, seed);
  const json = (name, value) => writeFile(path.join(folder, name), JSON.stringify(value));
  await json('config.json', { ...config, torch_dtype: 'bfloat16' });
  await json('generation_config.json', generation);
  for (const [name, bytes] of files) await writeFile(path.join(folder, name), bytes);
  await writeSafetensors(path.join(folder, 'model.safetensors'), tensorsOf(config), weights);
}

/** Name and shape of each tensor of a Llama or Qwen2 with tied embeddings. */
export function tensorsOf(config) {
  const { hidden_size: hidden, intermediate_size: inner, vocab_size: vocab, num_hidden_layers: layers } = config;
  const headDim = hidden / config.num_attention_heads;
  const kv = config.num_key_value_heads * headDim;
  const biases = config.model_type === 'qwen2';
  const tensors = { 'model.embed_tokens.weight': [vocab, hidden], 'model.norm.weight': [hidden] };
  for (let i = 0; i < layers; i++) {
    const add = (name, shape) => (tensors[`model.layers.${i}.${name}`] = shape);
    for (const [name, size] of [
      ['q', hidden],
      ['k', kv],
      ['v', kv],
    ]) {
      add(`self_attn.${name}_proj.weight`, [size, hidden]);
      if (biases) add(`self_attn.${name}_proj.bias`, [size]);
    }
    add('self_attn.o_proj.weight', [hidden, hidden]);
    add('mlp.gate_proj.weight', [inner, hidden]);
    add('mlp.up_proj.weight', [inner, hidden]);
    add('mlp.down_proj.weight', [hidden, inner]);
    add('input_layernorm.weight', [hidden]);
    add('post_attention_layernorm.weight', [hidden]);
  }
  return tensors;
}

/** Values at once: a piece of a matrix, not the whole. */
const piece = 1 << 22;

async function writeSafetensors(file, tensors, weights) {
  const header = {};
  let offset = 0;
  for (const [name, shape] of Object.entries(tensors)) {
    const bytes = 2 * product(shape);
    header[name] = { dtype: 'BF16', shape, data_offsets: [offset, offset + bytes] };
    weights.expect(name, shape);
    offset += bytes;
  }
  const text = Buffer.from(JSON.stringify({ __metadata__: { format: 'pt' }, ...header }));
  const padded = Buffer.concat([text, Buffer.alloc((8 - (text.length % 8)) % 8, ' ')]);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));
  const output = await open(file, 'w');
  await output.writeFile(Buffer.concat([length, padded]));
  for (const [name, shape] of Object.entries(tensors)) {
    for (let start = 0; start < product(shape); start += piece) {
      const values = await weights.read(name, start, Math.min(piece, product(shape) - start));
      await output.writeFile(toBfloat16(values));
    }
  }
  await output.close();
}

/** The upper half of each float32, rounded to nearest. */
function toBfloat16(values) {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const halves = new Uint16Array(values.length);
  for (let i = 0; i < bits.length; i++) halves[i] = (bits[i] + 0x8000) >>> 16;
  return new Uint8Array(halves.buffer);
}

export function product(shape) {
  return shape.reduce((size, dim) => size * dim, 1);
}
