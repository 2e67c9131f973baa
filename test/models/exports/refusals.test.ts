/** What is refused of an export before ONNX Runtime sees it, and in which words. */
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { GraphProto, ValueInfoProto } from '#octavo/models/build/onnx/onnx_pb.js';
import { openFolder } from '#octavo/models/open-folder.js';
import { copyExport, type ExportName, editGraph, editJson } from '../../support/export-fixtures.js';
import { temporaryFolder } from '../../support/folders.js';
import { onnxFile, tensor } from '../../support/onnx-wire.js';

const parent = temporaryFolder();
const graphFile = 'onnx/model.onnx';

type Damage = (folder: string) => void;

const config =
  (changes: object): Damage =>
  (folder) =>
    editJson(join(folder, 'config.json'), changes);

function find(values: readonly ValueInfoProto[], name: string): ValueInfoProto {
  const value = values.find((one) => one.name === name);
  if (value === undefined) throw new Error(`the graph has no ${name}`);
  return value;
}

function typeOf(value: ValueInfoProto) {
  const type = value.type?.value;
  if (type?.case !== 'tensorType') throw new Error(`${value.name} is no tensor`);
  return type.value;
}

const graph =
  (change: (graph: GraphProto) => void): Damage =>
  (folder) =>
    editGraph(join(folder, graphFile), change);
const rename = (list: 'input' | 'output', name: string, to: string) =>
  graph((all) => {
    find(all[list], name).name = to;
  });
const setType = (list: 'input' | 'output', name: string, elementType: number) =>
  graph((all) => {
    typeOf(find(all[list], name)).elemType = elementType;
  });

describe('a decoder is refused', () => {
  it.each<[string, Damage, RegExp]>([
    ['with other layers', config({ num_hidden_layers: 3 }), /configuration says 3 layers, the graph has 2/],
    [
      'with other heads',
      config({ num_key_value_heads: 4 }),
      /says 4 heads in "past_key_values\.0\.key", the graph has 2/,
    ],
    ['with other head sizes', config({ head_dim: 8 }), /says 8 dimensions of a head in .*, the graph has 16/],
    ['with another vocabulary', config({ vocab_size: 301 }), /says 301 tokens in the vocabulary, the graph has 300/],
    ['without positions', config({ max_position_embeddings: undefined }), /how many tokens of context there are/],
    ['with a billion layers', config({ num_hidden_layers: 1e9 }), /config\.json: num_hidden_layers/],
    ['without model_type', config({ model_type: undefined }), /config\.json: model_type/],
    [
      'with end tokens that are none',
      (folder) => editJson(join(folder, 'generation_config.json'), { eos_token_id: 300 }),
      /eos_token_id must be/,
    ],
    [
      'with another input',
      rename('input', 'position_ids', 'use_cache_branch'),
      /the input "use_cache_branch", which nothing/,
    ],
    [
      'with inputs without end',
      graph(({ input }) => {
        for (let i = 0; i < 9000; i++) input.push({ ...find(input, 'input_ids'), name: `input_${i}` });
      }),
      /The graph has 9007 inputs and \d+ outputs; at most 8192/,
    ],
    ['without ids', rename('input', 'input_ids', 'attention_mask'), /no input "input_ids"; it has attention_mask/],
    ['without logits', rename('output', 'logits', 'scores'), /no output "logits"; it has scores, present/],
    ['without a present', rename('output', 'present.1.value', 'other'), /no output "present\.1\.value"/],
    [
      'with a float16 cache',
      setType('input', 'past_key_values.0.key', 10),
      /is float16; served are graphs with a float32 cache/,
    ],
    ['with float16 logits', setType('output', 'logits', 10), /"logits" of the graph is float16/],
    ['with a mask of bool', setType('input', 'attention_mask', 9), /all int64 or all int32: .*attention_mask bool/],
    [
      'with a cache of another shape',
      graph(({ input }) => typeOf(find(input, 'past_key_values.1.key')).shape?.dim.pop()),
      /"past_key_values\.1\.key" of the graph is \[\?, 2, \?\]; served is \[rows, heads, tokens, head size\]/,
    ],
  ])('%s', async (_, damage, message) => {
    await expectRefusal('llama-optimum', damage, message);
  });
});

describe('an encoder is refused', () => {
  it.each<[string, ExportName, Damage, RegExp]>([
    ['of another width', 'bert-optimum', config({ hidden_size: 64 }), /says 64 numbers in a state, the graph has 32/],
    [
      'with another number of labels',
      'bert-classify-optimum',
      config({ id2label: { 0: 'a', 1: 'b' } }),
      /says 2 labels, the graph has 3/,
    ],
    [
      'that labels, where nothing says what',
      'bert-classify-optimum',
      config({ architectures: ['BertModel'] }),
      /config\.json names no …ForSequenceClassification/,
    ],
    [
      'without a mask',
      'bert-optimum',
      rename('input', 'attention_mask', 'token_type_ids'),
      /no input "attention_mask"/,
    ],
    [
      'with images',
      'bert-optimum',
      rename('input', 'attention_mask', 'pixel_values'),
      /the input "pixel_values", which/,
    ],
    [
      'that gives something else',
      'bert-optimum',
      rename('output', 'last_hidden_state', 'pooler_output'),
      /gives pooler_output \[\?, \?, 32\]\. Served are graphs that give a cache and logits, sentence_embedding/,
    ],
  ])('%s', async (_, name, damage, message) => {
    await expectRefusal(name, damage, message);
  });
});

describe('a description by onnxruntime-genai is refused', () => {
  const genai =
    (change: (model: Record<string, unknown>) => object): Damage =>
    (folder) => {
      const file = join(folder, 'genai_config.json');
      const { model } = JSON.parse(readFileSync(file, 'utf8'));
      editJson(file, { model: change(model) });
    };
  const decoder = (changes: object) =>
    genai((model) => ({ ...model, decoder: { ...(model.decoder as object), ...changes } }));
  it.each<[string, Damage, RegExp]>([
    [
      'that leads elsewhere',
      decoder({ filename: '../model.onnx' }),
      /must be the name of an \.onnx file in the folder/,
    ],
    ['without its graph', decoder({ filename: 'other.onnx' }), /other\.onnx: it is missing/],
    ['with names of no layer', decoder({ inputs: { past_key_names: 'past' } }), /must have one %d/],
    [
      'with names that the graph does not have',
      decoder({ inputs: { past_key_names: 'p%d', past_value_names: 'v%d' } }),
      /no decoder with a cache/,
    ],
    ['of other heads', decoder({ num_key_value_heads: 3 }), /says 3 heads in .*, the graph has 2/],
    ['of several graphs', genai((model) => ({ ...model, encoder: {} })), /describes a model of several graphs/],
    ['of a pipeline', decoder({ pipeline: [] }), /describes a model of several graphs/],
    ['without a context', genai(({ context_length: _, ...model }) => model), /context_length/],
  ])('%s', async (_, damage, message) => {
    await expectRefusal('llama-genai', damage, message);
  });
});

describe('files are refused', () => {
  const file = (name: string) => (folder: string) => join(folder, name);
  const outside = join(parent, 'outside');
  const [onnx, data] = [file('model.onnx'), file('model.onnx.data')];
  const symbolic =
    (of: (folder: string) => string): Damage =>
    (folder) => {
      renameSync(of(folder), `${of(folder)}.real`);
      symlinkSync(`${of(folder)}.real`, of(folder));
    };
  const hard =
    (of: (folder: string) => string): Damage =>
    (folder) =>
      linkSync(of(folder), `${of(folder)}.other`);
  it.each<[string, Damage, RegExp]>([
    ['a graph that is a symbolic link', symbolic(onnx), /model\.onnx: it is a symbolic link/],
    ['a graph that is a hard link', hard(onnx), /model\.onnx: it is a hard link, one of 2 names/],
    [
      'data that are a symbolic link',
      symbolic(data),
      /external data model\.onnx\.data cannot be used: it is a symbolic/,
    ],
    ['data that are a hard link', hard(data), /external data model\.onnx\.data cannot be used: it is a hard link/],
    ['data that are missing', (folder) => rmSync(data(folder)), /model\.onnx\.data cannot be used: it is missing/],
    [
      'data that are too short',
      (folder) => writeFileSync(data(folder), 'x'),
      /ends at byte \d+ of model\.onnx\.data, which has 1/,
    ],
    [
      'data elsewhere',
      (folder) =>
        writeFileSync(onnx(folder), onnxFile({ tensors: [tensor({ dims: [2n], external: { location: '../w' } })] })),
      /no plain relative path/,
    ],
    [
      'a description that is a symbolic link',
      symbolic(file('genai_config.json')),
      /genai_config\.json: it is a symbolic/,
    ],
    [
      'a folder in place of a graph',
      (folder) => {
        rmSync(onnx(folder));
        mkdirSync(onnx(folder));
      },
      /it is not a plain file/,
    ],
  ])('%s', async (_, damage, message) => {
    await expectRefusal('llama-genai', damage, message);
  });

  it('a folder of graphs that leads elsewhere', async () => {
    const folder = copyExport('llama-optimum', parent);
    renameSync(join(folder, 'onnx'), outside);
    symlinkSync(outside, join(folder, 'onnx'));
    await expect(openFolder(folder)).rejects.toThrow(/model\.onnx: its folder is a link that leads to .*outside/);
  });

  it.each<[string, Damage, RegExp]>([
    ['no folder', (folder) => rmSync(folder, { recursive: true }), /^No model at .*: there is no such folder\./],
    [
      'nothing',
      (folder) => rmSync(join(folder, 'onnx'), { recursive: true }),
      /^No model at .*: it has neither manifest\.json nor an ONNX export\. Build one with "octavo build", or fetch/,
    ],
    ['no config.json', (folder) => rmSync(join(folder, 'config.json')), /ONNX files but no config\.json/],
  ])('where there is %s', async (_, damage, message) => {
    await expectRefusal('llama-optimum', damage, message);
  });
});

async function expectRefusal(name: ExportName, damage: Damage, message: RegExp): Promise<void> {
  const folder = copyExport(name, parent);
  damage(folder);
  await expect(openFolder(folder)).rejects.toMatchObject({
    code: expect.stringMatching(/^(invalid|unsupported)_model$/),
    message: expect.stringMatching(message),
  });
}
