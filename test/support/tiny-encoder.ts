/** A model folder with a tiny encoder: a real graph and a WordPiece tokenizer, made in milliseconds. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { OutputFolder } from '#octavo/models/build/folder/output-folder.js';
import { GraphBuilder } from '#octavo/models/build/graph/graph-builder.js';
import { writeModel } from '#octavo/models/build/onnx/model-writer.js';
import { jsonBytes } from '#octavo/models/build/source/model-source.js';
import type { Manifest } from '#octavo/models/manifest.js';
import { temporaryFolder } from './folders.js';
import { Random } from './random.js';

const special = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'];
const words = 'the a breakfast is served from seven to ten when where table for two please book room'.split(' ');
const pieces = ['##s', '##ing', '##ed', '?', '.', ','];
const letters = [...'abcdefghijklmnopqrstuvwxyz'].flatMap((letter) =>
  letter === 'a' ? ['##a'] : [letter, `##${letter}`],
);

export const tinyVocabulary: readonly string[] = [...special, ...words, ...pieces, ...letters];
export const tinyIds = { cls: 2, sep: 3 } as const;

const frame = (content: string) => ({ id: tinyVocabulary.indexOf(content), content });

/** tokenizer.json as BERT's is written. */
export const tinyTokenizer = {
  version: '1.0',
  truncation: null,
  padding: null,
  added_tokens: special.map((content) => ({
    ...frame(content),
    ...{ single_word: false, lstrip: false, rstrip: false, normalized: false, special: true },
  })),
  normalizer: {
    type: 'BertNormalizer',
    clean_text: true,
    handle_chinese_chars: true,
    strip_accents: null,
    lowercase: true,
  },
  pre_tokenizer: { type: 'BertPreTokenizer' },
  post_processor: {
    type: 'TemplateProcessing',
    single: [
      { SpecialToken: { id: '[CLS]', type_id: 0 } },
      { Sequence: { id: 'A', type_id: 0 } },
      { SpecialToken: { id: '[SEP]', type_id: 0 } },
    ],
    pair: [],
    special_tokens: Object.fromEntries(
      ['[CLS]', '[SEP]'].map((token) => [token, { id: token, ids: [frame(token).id], tokens: [token] }]),
    ),
  },
  decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
  model: {
    type: 'WordPiece',
    unk_token: '[UNK]',
    continuing_subword_prefix: '##',
    max_input_chars_per_word: 100,
    vocab: Object.fromEntries(tinyVocabulary.map((token, id) => [token, id])),
  },
} as const;

export interface TinyEncoder {
  readonly task: 'embed' | 'classify' | 'tag';
  readonly name?: string;
  readonly labels?: readonly string[];
  readonly scores?: 'softmax' | 'sigmoid';
  /** What of the manifest is otherwise. */
  readonly manifest?: Partial<Manifest>;
}

export const tinyWidth = 8;
export const tinyContext = 100;

/** Builds the folder; it is removed when the test file ends. */
export async function buildTinyEncoder(encoder: TinyEncoder): Promise<string> {
  const path = join(temporaryFolder(), 'model');
  rmSync(path, { recursive: true, force: true });
  const folder = await OutputFolder.create(path, false);
  const graph = 'onnx/model.onnx';
  const options = { path: graph, producerVersion: 'test', onProgress: () => {} };
  await writeModel(drawGraph(encoder).finish(), folder, options);
  await folder.write('tokenizer.json', jsonBytes(tinyTokenizer));
  await folder.write(
    'tokenizer_config.json',
    jsonBytes({ tokenizer_class: 'BertTokenizer', model_max_length: tinyContext }),
  );
  const size = { layers: 1, hidden: tinyWidth, heads: 1, kvHeads: 1, headDim: tinyWidth };
  const manifest = {
    ...{ format: 1, name: encoder.name ?? `tiny-${encoder.task}`, architecture: 'bert', precision: 'fp32', graph },
    ...{ task: encoder.task, builder: 'test', endTokens: [] },
    ...(encoder.task === 'embed' ? { dimensions: tinyWidth } : { labels: encoder.labels ?? ['no', 'yes'] }),
    ...(encoder.scores && { scores: encoder.scores }),
    shape: { ...size, vocab: tinyVocabulary.length, context: tinyContext },
    files: folder.files,
    ...encoder.manifest,
  };
  await folder.write('manifest.json', jsonBytes(manifest));
  await folder.commit();
  return path;
}

/** The mean of a text's token embeddings, at length 1; for labels a product of it; for tags one of each token. */
function drawGraph({ task, labels = ['no', 'yes'] }: TinyEncoder): GraphBuilder {
  const builder = new GraphBuilder();
  const random = new Random(5);
  const values = (count: number) => Array.from({ length: count }, () => random.unit() * 2 - 1);
  const dims = ['batch_size', 'sequence_length'] as const;
  const ids = builder.input({ name: 'input_ids', type: 'int64', dims });
  const mask = builder.input({ name: 'attention_mask', type: 'int64', dims });
  const table = builder.constant('float32', values(tinyVocabulary.length * tinyWidth), [
    tinyVocabulary.length,
    tinyWidth,
  ]);
  const hidden = builder.node('Gather', '/embed', { inputs: [table, ids], outputs: ['last_hidden_state'] });
  const head = () => builder.constant('float32', values(tinyWidth * labels.length), [tinyWidth, labels.length]);
  if (task === 'tag') {
    builder.node('MatMul', '/head', { inputs: [hidden, head()], outputs: ['logits'] });
    builder.output({ name: 'logits', type: 'float32', dims: [...dims, labels.length] });
    return builder;
  }
  // A product of each row's own: sums over an axis run in another order when there is only one row.
  const weights = builder.node('Cast', '/pool', { inputs: [mask], attributes: { to: 1n } });
  const axis = builder.constant('int64', [1n], [1]);
  const kept = builder.node('Unsqueeze', '/pool', { inputs: [weights, axis] });
  const sums = builder.node('MatMul', '/pool', { inputs: [kept, hidden] });
  const sum = builder.node('Squeeze', '/pool', { inputs: [sums, axis] });
  if (task === 'embed') {
    const attributes = { axis: -1n, p: 2n };
    builder.node('LpNormalization', '/norm', { inputs: [sum], outputs: ['sentence_embedding'], attributes });
    builder.output({ name: 'last_hidden_state', type: 'float32', dims: [...dims, tinyWidth] });
    builder.output({ name: 'sentence_embedding', type: 'float32', dims: ['batch_size', tinyWidth] });
  } else {
    builder.node('MatMul', '/head', { inputs: [sum, head()], outputs: ['logits'] });
    builder.output({ name: 'logits', type: 'float32', dims: ['batch_size', labels.length] });
  }
  return builder;
}
