/** What config.json and tensor names of GPT-2, GPT-NeoX and OPT may say, and what is refused before anything is read. */
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { buildModel } from '#octavo/models/build/build.js';
import { familyOf } from '#octavo/models/build/families/families.js';
import { temporaryFolder } from '../../../support/folders.js';
import { rawSafetensors } from '../../../support/safetensors.js';

const fixtures = 'test/fixtures/families';

const configOf = (fixture: string): object => JSON.parse(readFileSync(join(fixtures, fixture, 'config.json'), 'utf8'));

const plan = (fixture: string, fields: object) => {
  const config = { ...configOf(fixture), ...fields };
  return familyOf(config).plan(config);
};

it.each([
  ['gpt2', { layers: 3, hidden: 48, heads: 3, kvHeads: 3, headDim: 16, vocab: 300, context: 64 }],
  ['gpt-neox', { layers: 3, hidden: 64, heads: 2, kvHeads: 2, headDim: 32, vocab: 300, context: 64 }],
  ['opt', { layers: 3, hidden: 64, heads: 4, kvHeads: 4, headDim: 16, vocab: 300, context: 64 }],
])('reads the shape of %s', (fixture, shape) => {
  expect(plan(fixture, {}).shape).toEqual(shape);
});

it.each([
  ['gpt2', ['n_inner', 'activation_function', 'layer_norm_epsilon', 'scale_attn_weights', 'tie_word_embeddings']],
  ['gpt-neox', ['layer_norm_eps', 'use_parallel_residual', 'attention_bias', 'rope_parameters']],
  ['opt', ['word_embed_proj_dim', 'enable_bias', 'layer_norm_elementwise_affine', '_remove_final_layer_norm']],
])('needs no more of %s than older files have', (fixture, absent) => {
  const fields = Object.fromEntries(absent.map((name) => [name, undefined]));
  expect(plan(fixture, fields).shape).toEqual(plan(fixture, {}).shape);
});

describe('refuses', () => {
  it.each([
    ['gpt2', { activation_function: 'swish' }, /activation_function swish is not supported; supported are: gelu,/],
    ['gpt2', { add_cross_attention: true }, /add_cross_attention/],
    ['gpt2', { n_embd: 36 }, /heads of 12 dimensions .* multiple of 8/],
    ['gpt2', { quantization_config: { bits: 8 } }, /quantised already/],
    ['gpt-neox', { hidden_act: 'silu' }, /hidden_act silu/],
    ['gpt-neox', { rope_parameters: { rope_type: 'proportional' } }, /scaling of type proportional/],
    ['gpt-neox', { quantization_config: { bits: 8 } }, /quantised already/],
    ['opt', { do_layer_norm_before: false }, /do_layer_norm_before must be true/],
    ['opt', { word_embed_proj_dim: 32 }, /word_embed_proj_dim 32 must equal hidden_size 64/],
    ['opt', { _remove_final_layer_norm: true }, /_remove_final_layer_norm/],
    ['opt', { layer_norm_elementwise_affine: false }, /layer_norm_elementwise_affine/],
    ['opt', { quantization_config: { bits: 8 } }, /quantised already/],
  ])('what is not supported: %s %j', (fixture, fields, message) => {
    expect(() => plan(fixture, fields)).toThrow(expect.objectContaining({ code: 'unsupported_model' }));
    expect(() => plan(fixture, fields)).toThrow(message);
  });

  it.each([
    ['gpt2', { n_head: 5 }, /5 attention heads do not divide a hidden size of 48/],
    ['gpt2', { n_positions: 0 }, /n_positions/],
    ['gpt2', { scale_attn_weights: 1 }, /scale_attn_weights/],
    ['gpt2', { vocab_size: 1 << 21, n_embd: 3 << 10 }, /a matrix would hold/],
    ['gpt-neox', { hidden_size: '64' }, /hidden_size/],
    ['gpt-neox', { rope_parameters: undefined, rotary_pct: 0.1 }, /3 of 32, must be even/],
    ['gpt-neox', { rope_parameters: undefined, rotary_pct: 2 }, /rotary_pct/],
    ['opt', { ffn_dim: -1 }, /ffn_dim/],
    ['opt', { num_hidden_layers: 1e9 }, /num_hidden_layers/],
  ])('what is out of range: %s %j', (fixture, fields, message) => {
    expect(() => plan(fixture, fields)).toThrow(expect.objectContaining({ code: 'invalid_model' }));
    expect(() => plan(fixture, fields)).toThrow(message);
  });
});

describe('builds the same weights', () => {
  const root = temporaryFolder();
  const weightsOf = async (source: string, out: string) => {
    const { files } = await buildModel({ source, out: join(root, out), precision: 'int8', name: 'tiny' });
    return files.filter((file) => file.path.endsWith('.onnx_data'));
  };

  it.each([
    ['gpt2', /^transformer\./],
    ['opt', /^model\./],
  ])('from the names of the first checkpoints of %s', async (fixture, prefix) => {
    const folder = join(root, `${fixture}-bare`);
    cpSync(join(fixtures, fixture), folder, { recursive: true });
    renameTensors(join(folder, 'model.safetensors'), (name) => name.replace(prefix, ''));
    expect(await weightsOf(folder, `${fixture}-bare-built`)).toEqual(
      await weightsOf(join(fixtures, fixture), `${fixture}-built`),
    );
  });

  it('from the rotary settings of older GPT-NeoX files', async () => {
    const folder = join(root, 'older');
    cpSync(join(fixtures, 'gpt-neox'), folder, { recursive: true });
    const older = { rope_parameters: undefined, rotary_pct: 0.5, rotary_emb_base: 2000 };
    writeFileSync(join(folder, 'config.json'), JSON.stringify({ ...configOf('gpt-neox'), ...older }));
    expect(await weightsOf(folder, 'older-built')).toEqual(await weightsOf(join(fixtures, 'gpt-neox'), 'newer-built'));
  });
});

function renameTensors(file: string, rename: (name: string) => string): void {
  const bytes = readFileSync(file);
  const end = 8 + Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.toString('utf8', 8, end)) as Record<string, unknown>;
  const renamed = Object.fromEntries(Object.entries(header).map(([name, entry]) => [rename(name), entry]));
  writeFileSync(file, rawSafetensors(JSON.stringify(renamed), bytes.subarray(end)));
}
