/** The layouts of config.json that transformers wrote before version 5: they give the same model. */
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { buildModel } from '#octavo/models/build/build.js';
import { familyFixtures } from '../../../support/family-fixtures.js';
import { temporaryFolder } from '../../../support/folders.js';

const root = temporaryFolder();

/** Fields to change; undefined removes one. */
const older: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  llama: { rope_theta: 700 },
  'llama-llama3': {
    rope_theta: 900,
    rope_scaling: {
      ...{ rope_type: 'llama3', factor: 8, low_freq_factor: 1, high_freq_factor: 4 },
      original_max_position_embeddings: 24,
    },
  },
  'llama-linear': { rope_theta: 900, rope_scaling: { type: 'linear', factor: 2.5 } },
  mistral: { rope_theta: 300 },
  qwen2: { rope_theta: 2000, layer_types: undefined },
  qwen3: { rope_theta: 2000, layer_types: undefined, sliding_window: 5 },
  smollm3: { rope_theta: 500, layer_types: undefined, no_rope_layers: undefined },
  phi3: { rope_theta: 400, rope_scaling: null, partial_rotary_factor: 0.5 },
  'phi3-longrope': {
    rope_theta: 400,
    partial_rotary_factor: 0.75,
    original_max_position_embeddings: 64,
    rope_scaling: { type: 'su', short_factor: [1, 1.1, 1.3, 1.7, 2, 2.5], long_factor: [1, 2, 4, 8, 16, 32] },
  },
  gemma: { rope_theta: 600, hidden_act: 'gelu', hidden_activation: null, tie_word_embeddings: undefined },
  gemma2: { rope_theta: 600, layer_types: undefined, tie_word_embeddings: undefined },
  gemma3: {
    ...{ rope_theta: 5000, rope_local_base_freq: 100, rope_scaling: { rope_type: 'linear', factor: 2 } },
    ...{ layer_types: undefined, sliding_window_pattern: 3, tie_word_embeddings: undefined },
  },
};

it.each(Object.entries(older))('%s', async (name, fields) => {
  const fixture = familyFixtures.find((candidate) => candidate.name === name);
  const source = join(root, name);
  cpSync(fixture?.folder ?? '', source, { recursive: true });
  const config: object = JSON.parse(readFileSync(join(source, 'config.json'), 'utf8'));
  writeFileSync(join(source, 'config.json'), JSON.stringify({ ...config, rope_parameters: undefined, ...fields }));
  const now = await buildModel({ source: fixture?.folder ?? '', out: join(root, `${name}-now`), precision: 'int8' });
  const then = await buildModel({ source, out: join(root, `${name}-then`), precision: 'int8' });
  const graph = ({ files }: typeof now) => files.filter(({ path }) => path.startsWith('onnx/'));
  expect(graph(then)).toEqual(graph(now));
  expect(then.shape).toEqual(now.shape);
});
