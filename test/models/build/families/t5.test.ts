/** What config.json and tensor names of T5 may say, and what is refused before anything is read. */
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { buildModel } from '#octavo/models/build/build.js';
import { familyOf } from '#octavo/models/build/families/families.js';
import { openModelFolder } from '#octavo/models/model-folder.js';
import { encoderDecoderRoot, readFixture } from '../../../support/encoder-decoder-fixtures.js';
import { temporaryFolder } from '../../../support/folders.js';

const root = temporaryFolder();

const configOf = (name: string, fields: object) => ({ ...readFixture<object>(name, 'config.json'), ...fields });

const plan = (fields: object) => {
  const config = configOf('t5', fields);
  return familyOf(config).plan(config);
};

/** The checkpoint with other fields in its config.json. */
function checkpoint(name: string, fields: object): string {
  const folder = join(root, `${name}-${Object.keys(fields).join('-')}`);
  cpSync(join(encoderDecoderRoot, name), folder, { recursive: true });
  writeFileSync(join(folder, 'config.json'), JSON.stringify(configOf(name, fields)));
  return folder;
}

it('reads the shape of the decoder, and the token that begins every output', () => {
  const { shape, encoder } = plan({ decoder_start_token_id: 7 });
  expect(shape).toEqual({ layers: 3, hidden: 48, heads: 4, kvHeads: 4, headDim: 16, vocab: 320, context: 96 });
  expect(encoder?.startToken).toBe(7);
});

it('knows what older files leave out', () => {
  const absent = ['num_decoder_layers', 'relative_attention_max_distance', 'n_positions', 'decoder_start_token_id'];
  const { shape, encoder } = plan(Object.fromEntries(absent.map((name) => [name, undefined])));
  expect([shape.layers, shape.context, encoder?.startToken]).toEqual([2, 512, 0]);
});

it('writes an encoder and a decoder that takes its keys and values, by the names of Hugging Face’s exports', async () => {
  const out = join(root, 'named');
  await buildModel({ source: join(encoderDecoderRoot, 't5'), out, precision: 'int8' });
  const { manifest, graph, encoderGraph } = await openModelFolder(out);
  expect(manifest.encoder).toEqual({ graph: 'onnx/encoder_model_quantized.onnx', startToken: 0 });
  expect(encoderGraph).toBe(join(out, 'onnx/encoder_model_quantized.onnx'));
  expect(graph).toBe(join(out, 'onnx/decoder_with_past_model_quantized.onnx'));
});

it.each([
  ['says itself whether logits are scaled', { scale_decoder_outputs: true }],
  ['or by what older files say', { scale_decoder_outputs: undefined, tie_word_embeddings: true }],
])('a checkpoint %s', async (_, fields) => {
  const plain = join(root, `plain-${Object.keys(fields).length}`);
  const scaled = join(root, `scaled-${Object.keys(fields).length}`);
  await buildModel({ source: join(encoderDecoderRoot, 't5-gated'), out: plain, precision: 'fp32' });
  await buildModel({ source: checkpoint('t5-gated', fields), out: scaled, precision: 'fp32' });
  const [a, b] = [plain, scaled].map((out) => readFileSync(join(out, 'onnx/decoder_with_past_model.onnx')));
  expect(a!.equals(b!)).toBe(false);
  const [e, f] = [plain, scaled].map((out) => readFileSync(join(out, 'onnx/encoder_model.onnx')));
  expect(e!.equals(f!)).toBe(true);
});

describe('refuses', () => {
  it.each([
    [{ architectures: ['T5EncoderModel'] }, /T5EncoderModel; of T5 only T5ForConditionalGeneration is supported/],
    [{ feed_forward_proj: 'gated-silu' }, /feed_forward_proj gated-silu is not supported; only relu or gated-gelu is/],
    [{ d_kv: 12 }, /heads of 12 dimensions .* multiple of 8/],
    [{ quantization_config: { bits: 8 } }, /quantised already/],
  ])('what is not supported: %j', (fields, message) => {
    expect(() => plan(fields)).toThrow(expect.objectContaining({ code: 'unsupported_model' }));
    expect(() => plan(fields)).toThrow(message);
  });

  it.each([
    [{ d_model: 0 }, /d_model/],
    [{ num_layers: '2' }, /num_layers/],
    [{ relative_attention_num_buckets: 3 }, /relative_attention_num_buckets 3 must be at least 4/],
    [{ relative_attention_max_distance: 16 }, /relative_attention_max_distance 16 must be more than half/],
    [{ decoder_start_token_id: 320 }, /decoder_start_token_id 320 must be below vocab_size 320/],
    [{ vocab_size: 1 << 21, d_model: 1 << 10 }, /a matrix would hold/],
  ])('what does not fit: %j', (fields, message) => {
    expect(() => plan(fields)).toThrow(expect.objectContaining({ code: 'invalid_model' }));
    expect(() => plan(fields)).toThrow(message);
  });

  it('tensors of another shape, in the encoder as in the decoder', async () => {
    const source = checkpoint('t5', { relative_attention_num_buckets: 16 });
    const building = buildModel({ source, out: join(root, 'misfit'), precision: 'int8' });
    await expect(building).rejects.toMatchObject({ code: 'invalid_model' });
    await expect(building).rejects.toThrow(/relative_attention_bias/);
  });
});
