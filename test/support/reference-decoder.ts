/** A Llama or Qwen2 forward pass written for reading, in float64 and without a cache: what graphs are measured against. */
import type { Tensors, TinyConfig } from './tiny-checkpoint.js';

type Rows = readonly Float64Array[];

/** Logits of every position, [ids][vocab]. */
export function referenceLogits(config: TinyConfig, tensors: Tensors, ids: readonly number[]): Rows {
  const tensor = (name: string) => {
    const found = tensors[name];
    if (!found) throw new Error(`no tensor ${name}`);
    return found;
  };
  const norm = (x: Rows, name: string) => x.map((row) => rmsNorm(row, tensor(name).values, config.rms_norm_eps));
  const linear = (x: Rows, name: string) => {
    const { values, shape } = tensor(`${name}.weight`);
    const bias = tensors[`${name}.bias`]?.values;
    return x.map((row) =>
      Float64Array.from({ length: shape[0]! }, (_, output) => {
        let sum = bias?.[output] ?? 0;
        for (let i = 0; i < row.length; i++) sum += row[i]! * values[output * row.length + i]!;
        return sum;
      }),
    );
  };
  const width = config.hidden_size;
  const embedding = tensor('model.embed_tokens.weight').values;
  let x: Rows = ids.map((id) => Float64Array.from(embedding.subarray(id * width, (id + 1) * width)));
  for (let layer = 0; layer < config.num_hidden_layers; layer++) {
    const prefix = `model.layers.${layer}`;
    const a = norm(x, `${prefix}.input_layernorm.weight`);
    const project = (part: string) => linear(a, `${prefix}.self_attn.${part}_proj`);
    const attended = attend(config, { q: project('q'), k: project('k'), v: project('v') });
    x = add(x, linear(attended, `${prefix}.self_attn.o_proj`));
    const m = norm(x, `${prefix}.post_attention_layernorm.weight`);
    const up = linear(m, `${prefix}.mlp.up_proj`);
    const gated = linear(m, `${prefix}.mlp.gate_proj`).map((row, i) =>
      row.map((value, j) => (value / (1 + Math.exp(-value))) * up[i]![j]!),
    );
    x = add(x, linear(gated, `${prefix}.mlp.down_proj`));
  }
  return linear(norm(x, 'model.norm.weight'), config.tie_word_embeddings ? 'model.embed_tokens' : 'lm_head');
}

function attend(config: TinyConfig, { q, k, v }: { q: Rows; k: Rows; v: Rows }): Rows {
  const size = config.hidden_size / config.num_attention_heads;
  const group = config.num_attention_heads / config.num_key_value_heads;
  const rotated = (rows: Rows) =>
    rows.map((row, position) => rotate(row, position, { size, theta: config.rope_theta }));
  const [queries, keys] = [rotated(q), rotated(k)];
  return queries.map((query, position) => {
    const output = new Float64Array(query.length);
    for (let head = 0; head < config.num_attention_heads; head++) {
      const from = Math.floor(head / group) * size;
      const mine = query.subarray(head * size, (head + 1) * size);
      const scores = keys.slice(0, position + 1).map((key) => dot(mine, key.subarray(from)) / Math.sqrt(size));
      const largest = Math.max(...scores);
      const weights = scores.map((score) => Math.exp(score - largest));
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      weights.forEach((weight, past) => {
        for (let i = 0; i < size; i++) output[head * size + i]! += (weight / total) * v[past]![from + i]!;
      });
    }
    return output;
  });
}

/** Rotates the first half of each head against its second half. */
function rotate(row: Float64Array, position: number, shape: { size: number; theta: number }): Float64Array {
  const half = shape.size / 2;
  const result = row.slice();
  for (let start = 0; start < row.length; start += shape.size) {
    for (let i = 0; i < half; i++) {
      const angle = position * shape.theta ** (-i / half);
      const [a, b] = [row[start + i]!, row[start + half + i]!];
      result[start + i] = a * Math.cos(angle) - b * Math.sin(angle);
      result[start + half + i] = b * Math.cos(angle) + a * Math.sin(angle);
    }
  }
  return result;
}

function rmsNorm(row: Float64Array, weight: Float32Array, epsilon: number): Float64Array {
  const mean = row.reduce((sum, value) => sum + value * value, 0) / row.length;
  return row.map((value, i) => (value * weight[i]!) / Math.sqrt(mean + epsilon));
}

function add(a: Rows, b: Rows): Rows {
  return a.map((row, i) => row.map((value, j) => value + b[i]![j]!));
}

function dot(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, value, i) => sum + value * b[i]!, 0);
}
