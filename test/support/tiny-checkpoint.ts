/** Tiny Hugging Face folders with random weights, for every variant the builder knows. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { byteTokenizerFiles, byteTokens } from '#octavo/models/build/source/byte-tokenizer.js';
import { randomValues } from './random-values.js';
import { type Dtype, safetensors, type TestTensor } from './safetensors.js';

export type Tensors = Readonly<Record<string, TestTensor>>;

export interface TinyConfig {
  readonly model_type: 'llama' | 'qwen2';
  readonly hidden_size: number;
  readonly intermediate_size: number;
  readonly num_hidden_layers: number;
  readonly num_attention_heads: number;
  readonly num_key_value_heads: number;
  readonly vocab_size: number;
  readonly max_position_embeddings: number;
  readonly rms_norm_eps: number;
  readonly rope_theta: number;
  readonly hidden_act: 'silu';
  readonly tie_word_embeddings: boolean;
  readonly attention_bias?: boolean;
  readonly mlp_bias?: boolean;
  readonly eos_token_id?: number | readonly number[];
}

/** Head size 16, tied, no biases. */
export const tinyLlama: TinyConfig = {
  model_type: 'llama',
  hidden_size: 64,
  intermediate_size: 96,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  vocab_size: 96,
  max_position_embeddings: 64,
  rms_norm_eps: 1e-5,
  rope_theta: 10_000,
  hidden_act: 'silu',
  tie_word_embeddings: true,
  eos_token_id: 2,
};

export function tinyTensors(config: TinyConfig, dtype: Dtype = 'F32'): Tensors {
  const { hidden_size: hidden, intermediate_size: middle, vocab_size: vocab } = config;
  const head = hidden / config.num_attention_heads;
  const query = config.num_attention_heads * head;
  const kv = config.num_key_value_heads * head;
  const qkvBias = config.model_type === 'qwen2' || config.attention_bias === true;
  const shapes: Record<string, readonly number[]> = { 'model.embed_tokens.weight': [vocab, hidden] };
  const linear = (name: string, shape: readonly [number, number], bias: boolean) => {
    shapes[`${name}.weight`] = shape;
    if (bias) shapes[`${name}.bias`] = [shape[0]];
  };
  for (let layer = 0; layer < config.num_hidden_layers; layer++) {
    const prefix = `model.layers.${layer}`;
    shapes[`${prefix}.input_layernorm.weight`] = [hidden];
    shapes[`${prefix}.post_attention_layernorm.weight`] = [hidden];
    linear(`${prefix}.self_attn.q_proj`, [query, hidden], qkvBias);
    linear(`${prefix}.self_attn.k_proj`, [kv, hidden], qkvBias);
    linear(`${prefix}.self_attn.v_proj`, [kv, hidden], qkvBias);
    linear(`${prefix}.self_attn.o_proj`, [hidden, query], config.attention_bias === true);
    linear(`${prefix}.mlp.gate_proj`, [middle, hidden], config.mlp_bias === true);
    linear(`${prefix}.mlp.up_proj`, [middle, hidden], config.mlp_bias === true);
    linear(`${prefix}.mlp.down_proj`, [hidden, middle], config.mlp_bias === true);
  }
  shapes['model.norm.weight'] = [hidden];
  if (!config.tie_word_embeddings) shapes['lm_head.weight'] = [vocab, hidden];
  return Object.fromEntries(
    Object.entries(shapes).map(([name, shape], index) => [name, { dtype, shape, values: values(name, shape, index) }]),
  );
}

/** Writes config.json, tokenizer.json and the tensors, in one file or in `shards` of them. */
export function writeCheckpoint(folder: string, config: object, tensors: Tensors, shards = 1): string {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
  writeFileSync(join(folder, 'tokenizer.json'), '{"version":"1.0"}');
  if (shards === 1) {
    writeFileSync(join(folder, 'model.safetensors'), safetensors(tensors));
    return folder;
  }
  const weightMap: Record<string, string> = {};
  const entries = Object.entries(tensors);
  for (let shard = 0; shard < shards; shard++) {
    const file = `model-0000${shard + 1}-of-0000${shards}.safetensors`;
    const part = entries.filter((_, index) => index % shards === shard);
    for (const [name] of part) weightMap[name] = file;
    writeFileSync(join(folder, file), safetensors(Object.fromEntries(part)));
  }
  writeFileSync(join(folder, 'model.safetensors.index.json'), JSON.stringify({ weight_map: weightMap }));
  return folder;
}

const byteConfig: TinyConfig = { ...tinyLlama, vocab_size: 264, eos_token_id: byteTokens.imEnd };

/** A tiny Llama that can be served: its tokens are bytes. */
export function writeByteCheckpoint(folder: string, tensors = tinyTensors(byteConfig)): string {
  const config = byteConfig;
  writeCheckpoint(folder, config, tensors);
  for (const [name, value] of Object.entries(byteTokenizerFiles(config.max_position_embeddings))) {
    writeFileSync(join(folder, name), JSON.stringify(value));
  }
  return folder;
}

/**
 * The same with one layer that INT8 cannot keep: one channel of its input is a thousand times the others and counts for
 * nothing, so the others are rounded away. The head is a large part of the model; the attention's input is not.
 */
export function writeLossyCheckpoint(folder: string, where: 'head' | 'attention' = 'head'): string {
  const tensors = tinyTensors(byteConfig);
  const attention = ['q', 'k', 'v'].map((part) => `model.layers.1.self_attn.${part}_proj.weight`);
  const [norm, matrices] =
    where === 'head'
      ? ['model.norm.weight', ['model.embed_tokens.weight']]
      : ['model.layers.1.input_layernorm.weight', attention];
  tensors[norm]!.values[0] = 1000;
  for (const name of matrices) {
    const { values, shape } = tensors[name]!;
    for (let at = 0; at < values.length; at += shape[1]!) values[at] = 0;
  }
  return writeByteCheckpoint(folder, tensors);
}

function values(name: string, shape: readonly number[], seed: number): Float32Array {
  const count = shape.reduce((product, dimension) => product * dimension, 1);
  const random = randomValues(count, shape.length === 1 ? 0.3 : 1.7 / Math.sqrt(shape[1] ?? 1), seed + 1);
  return name.endsWith('norm.weight') ? random.map((value) => 1 + value) : random;
}
