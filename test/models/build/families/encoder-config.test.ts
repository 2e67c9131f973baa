/** What config.json and the files of sentence-transformers may say of an encoder, and what is refused. */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { buildModel } from '#octavo/models/build/build.js';
import { familyOf } from '#octavo/models/build/families/families.js';
import { readOptional } from '#octavo/models/build/source/checkpoint-source.js';
import { plainModules, readSentenceModules } from '#octavo/models/build/source/sentence-modules.js';
import { temporaryFolder } from '../../../support/folders.js';
import { OnnxEncoder } from '../../../support/onnx-encoder.js';
import { rawSafetensors } from '../../../support/safetensors.js';

const fixtures = 'test/fixtures/encoders';
const root = temporaryFolder();

const plan = (fields: object, maxTokens: number | null = null) => {
  const config = { ...JSON.parse(readFileSync(join(fixtures, 'bert/config.json'), 'utf8')), ...fields };
  return familyOf(config).plan(config, { ...plainModules, maxTokens });
};

describe('what a model gives', () => {
  const classifier = { architectures: ['BertForSequenceClassification'] };
  const two = { id2label: { 1: 'bad', 0: 'good' } };

  it.each([
    [{ architectures: ['BertModel'] }, { task: 'embed', dimensions: 32 }],
    [{ architectures: ['BertForMaskedLM'] }, { task: 'embed', dimensions: 32 }],
    [{ architectures: undefined }, { task: 'embed', dimensions: 32 }],
    [
      { ...classifier, ...two },
      { task: 'classify', labels: ['good', 'bad'], scores: 'softmax' },
    ],
    [classifier, { task: 'classify', labels: ['LABEL_0', 'LABEL_1'], scores: 'softmax' }],
    [
      { ...classifier, num_labels: 1 },
      { task: 'classify', labels: ['LABEL_0'], scores: 'sigmoid' },
    ],
    [
      { ...classifier, ...two, problem_type: 'multi_label_classification' },
      { task: 'classify', labels: ['good', 'bad'], scores: 'sigmoid' },
    ],
    [
      { architectures: ['BertForTokenClassification'], ...two },
      { task: 'tag', labels: ['good', 'bad'] },
    ],
  ])('follows from %j', (fields, output) => {
    expect(plan(fields).output).toEqual(output);
  });

  it('reserves the positions of padding where a family does', () => {
    const contextOf = (name: string) => {
      const config = JSON.parse(readFileSync(join(fixtures, name, 'config.json'), 'utf8'));
      return familyOf(config).plan(config).shape.context;
    };
    expect(['distilbert-tag', 'roberta', 'roberta-tag', 'mpnet-classify'].map(contextOf)).toEqual([48, 46, 47, 46]);
  });

  it('reads the older names of rotary bases and windows', () => {
    const config = JSON.parse(readFileSync(join(fixtures, 'modernbert/config.json'), 'utf8'));
    const older = { ...config, rope_parameters: undefined, layer_types: undefined, global_rope_theta: 16_000 };
    expect(familyOf(older).plan({ ...older, local_rope_theta: null }).shape).toEqual(
      familyOf(config).plan(config).shape,
    );
    const narrow = { ...config, num_attention_heads: 4 };
    expect(() => familyOf(narrow).plan(narrow)).toThrow(/heads of 8 dimensions .* multiple of 16/);
    const convolved = { ...config, layer_types: ['full_attention', 'conv', 'conv'] };
    expect(() => familyOf(convolved).plan(convolved)).toThrow(/layer_types has conv/);
  });

  it('has the longest text that positions and modules allow', () => {
    expect(plan({}).shape.context).toBe(48);
    expect(plan({}, 40).shape.context).toBe(40);
    expect(plan({}, 400).shape.context).toBe(48);
    expect(plan(classifier, 40).shape.context).toBe(48);
  });
});

describe('refuses', () => {
  it.each([
    [
      { architectures: ['BertForQuestionAnswering'] },
      /BertForQuestionAnswering is not built; .*SequenceClassification/,
    ],
    [{ position_embedding_type: 'relative_key' }, /position_embedding_type relative_key/],
    [{ is_decoder: true }, /is_decoder/],
    [{ quantization_config: { bits: 8 } }, /quantised already/],
    [{ hidden_act: 'swish' }, /hidden_act swish/],
  ])('what is not supported: %j', (fields, message) => {
    expect(() => plan(fields)).toThrow(expect.objectContaining({ code: 'unsupported_model' }));
    expect(() => plan(fields)).toThrow(message);
  });

  it.each([
    [{ architectures: ['BertForTokenClassification'], id2label: { 0: 'a', 2: 'b' } }, /id2label has no label 1/],
    [{ architectures: ['BertForTokenClassification'], id2label: {} }, /id2label must name a label/],
    [{ type_vocab_size: 0 }, /type_vocab_size/],
    [{ num_attention_heads: 5 }, /5 attention heads do not divide/],
  ])('what cannot be: %j', (fields, message) => {
    expect(() => plan(fields)).toThrow(expect.objectContaining({ code: 'invalid_model' }));
    expect(() => plan(fields)).toThrow(message);
  });
});

describe('the manifest', () => {
  it('says what an embedder gives, and knows no end token', async () => {
    const manifest = await buildModel({ source: join(fixtures, 'bert'), out: join(root, 'bert'), precision: 'int8' });
    expect(manifest).toMatchObject({ task: 'embed', dimensions: 32, endTokens: [], architecture: 'bert' });
    expect(manifest.shape.context).toBe(40);
    expect(manifest.files.map(({ path }) => path)).not.toContain('generation_config.json');
    const { inputNames, outputNames } = await OnnxEncoder.open(join(root, 'bert'));
    expect([inputNames, outputNames]).toEqual([
      ['input_ids', 'attention_mask'],
      ['last_hidden_state', 'sentence_embedding'],
    ]);
  });

  it('says what a classifier gives; the graph takes the kinds of tokens', async () => {
    const [source, out] = [join(fixtures, 'bert-classify'), join(root, 'classify')];
    const manifest = await buildModel({ source, out, precision: 'fp32' });
    expect(manifest).toMatchObject({ task: 'classify', labels: ['good', 'bad', 'other'], scores: 'softmax' });
    const encoder = await OnnxEncoder.open(out);
    expect(encoder.inputNames).toEqual(['input_ids', 'attention_mask', 'token_type_ids']);
    const [first, second] = [await encoder.run([[5, 6, 7]], 16), await encoder.run([[5, 6, 7]], 16, 1)];
    expect(first.logits?.(0, 3)).not.toEqual(second.logits?.(0, 3));
  });
});

it('reads norms under the names of the oldest checkpoints', async () => {
  const source = join(root, 'old');
  cpSync(join(fixtures, 'bert'), source, { recursive: true });
  const bytes = readFileSync(join(source, 'model.safetensors'));
  const end = 8 + Number(bytes.readBigUInt64LE());
  const header = bytes.subarray(8, end).toString().replaceAll('LayerNorm.weight', 'LayerNorm.gamma');
  const renamed = header.replaceAll('LayerNorm.bias', 'LayerNorm.beta');
  expect(renamed).not.toBe(header);
  writeFileSync(join(source, 'model.safetensors'), rawSafetensors(renamed, bytes.subarray(end)));
  await buildModel({ source, out: join(root, 'old-int8'), precision: 'int8' });
  const run = async (name: string) => (await OnnxEncoder.open(join(root, name))).run([[4, 8, 15]], 16);
  const [old, plain] = [await run('old-int8'), await run('bert')];
  expect(old.sentence_embedding?.(0, 3)).toEqual(plain.sentence_embedding?.(0, 3));
});

describe('the modules of sentence-transformers', () => {
  const write = (modules: unknown, pooling: object = {}, length: object | null = null) => {
    const folder = join(root, 'modules');
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(join(folder, '1_Pooling'), { recursive: true });
    writeFileSync(join(folder, 'modules.json'), JSON.stringify(modules));
    writeFileSync(join(folder, '1_Pooling/config.json'), JSON.stringify(pooling));
    if (length) writeFileSync(join(folder, 'sentence_bert_config.json'), JSON.stringify(length));
    return folder;
  };
  const module = (type: string, path = '') => ({
    idx: 0,
    name: '0',
    path,
    type: `sentence_transformers.models.${type}`,
  });
  const read = (folder: string) => readSentenceModules((name) => readOptional(folder, name));
  const pooled = [module('Transformer'), module('Pooling', '1_Pooling')];

  it.each([
    ['cls_token', 'cls'],
    ['mean_tokens', 'mean'],
    ['mean_sqrt_len_tokens', 'mean-sqrt'],
    ['max_tokens', 'max'],
    ['lasttoken', 'last'],
  ])('choose the pooling: %s', async (mode, pooling) => {
    const folder = write(pooled, { pooling_mode_mean_tokens: false, [`pooling_mode_${mode}`]: true });
    expect(await read(folder)).toEqual({ pooling, normalise: false, maxTokens: null });
  });

  it('normalise, and bound the text', async () => {
    const mean = { pooling_mode_mean_tokens: true };
    const folder = write([...pooled, module('Normalize', '2_Normalize')], mean, { max_seq_length: 256 });
    expect(await read(folder)).toEqual({ pooling: 'mean', normalise: true, maxTokens: 256 });
  });

  it('may be absent', async () => {
    expect(await read(join(fixtures, 'bert-masked'))).toBeNull();
  });

  it.each([
    [[module('WordEmbeddings')], {}, 'unsupported_model', /WordEmbeddings is not supported/],
    [
      pooled,
      { pooling_mode_weightedmean_tokens: true },
      'unsupported_model',
      /weightedmean_tokens; supported is one of/,
    ],
    [pooled, { pooling_mode_mean_tokens: true, pooling_mode_cls_token: true }, 'unsupported_model', / and /],
    [pooled, {}, 'unsupported_model', /no pooling mode/],
    [[module('Pooling', '../1_Pooling')], {}, 'invalid_model', /not a plain folder name/],
    [[module('Pooling', '..')], {}, 'invalid_model', /not a plain folder name/],
    [{}, {}, 'invalid_model', /modules.json/],
  ])('are refused: %j %j', async (modules, pooling, code, message) => {
    const reading = read(write(modules, pooling));
    await expect(reading).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });
});
