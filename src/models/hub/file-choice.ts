/** Which files of a repository are fetched: what building and serving read, nothing that runs. */
import { OctavoError } from '../../errors.js';
import type { ModelReference } from './model-reference.js';
import type { HubFile } from './repository.js';

/** Beside the weights: configuration, tokenizer, model card, pooling of sentence-transformers, what Octavo writes. */
const companions = new Set([
  ...['config.json', 'generation_config.json', 'genai_config.json', 'manifest.json', 'receipt.json', 'golden.json'],
  ...['tokenizer.json', 'tokenizer_config.json', 'chat_template.jinja', 'special_tokens_map.json'],
  ...['modules.json', 'sentence_bert_config.json', 'config_sentence_transformers.json'],
  ...['README.md', 'MODEL_CARD.md', 'LICENSE', 'LICENSE.txt', 'LICENSE.md', 'NOTICE'],
]);
const module = /^\d_[A-Z]\w{0,31}\/(?:config\.json|model\.safetensors)$/;

const wholeWeights = 'model.safetensors';
const shardIndex = 'model.safetensors.index.json';
const shard = /^model-\d{5}-of-\d{5}\.safetensors$/;

/** Endings of ONNX files by the name of the variant, first choice first, as transformers.js and optimum write them. */
const endings: Readonly<Record<string, readonly string[]>> = {
  fp32: [''],
  int8: ['_int8', '_quantized'],
  q8: ['_quantized', '_int8'],
};
const graph = /^(?:onnx\/)?(?:model|decoder_model_merged)(?:_([a-z0-9]+))?\.onnx$/;

/** Throws `invalid_model` when the repository does not have them, saying what it has. */
export function chooseFiles(files: readonly HubFile[], reference: ModelReference): HubFile[] {
  const { repository, variant } = reference;
  const paths = new Set(files.map(({ path }) => path));
  const weights = variant === null ? safetensors(paths) : onnx(paths, variant);
  if (weights.length === 0) throw new OctavoError('invalid_model', `${repository} has no ${missing(paths, reference)}`);
  if (!paths.has('config.json')) {
    throw new OctavoError('invalid_model', `${repository} has no config.json: not a model that Octavo can read.`);
  }
  const chosen = new Set(weights);
  return files.filter(({ path }) => chosen.has(path) || companions.has(path) || module.test(path));
}

function safetensors(paths: ReadonlySet<string>): string[] {
  if (paths.has(wholeWeights)) return [wholeWeights];
  return paths.has(shardIndex) ? [shardIndex, ...[...paths].filter((path) => shard.test(path))] : [];
}

/** The graph of a decoder, or those of an encoder and its decoder, with their external data. */
function onnx(paths: ReadonlySet<string>, variant: string): string[] {
  for (const ending of endings[variant] ?? [`_${variant}`]) {
    for (const folder of ['onnx/', '']) {
      for (const names of [['model'], ['encoder_model', 'decoder_model_merged']]) {
        const graphs = names.map((name) => `${folder}${name}${ending}.onnx`);
        if (graphs.every((path) => paths.has(path))) {
          return [...graphs, ...[...paths].filter((path) => graphs.some((of) => isData(path, of)))];
        }
      }
    }
  }
  return [];
}

function isData(path: string, of: string): boolean {
  return path.startsWith(of) && /^(?:_data(?:_\d{1,4})?|\.data)$/.test(path.slice(of.length));
}

function missing(paths: ReadonlySet<string>, { repository, variant }: ModelReference): string {
  const variants = [...new Set([...paths].flatMap((path) => variantOf(path)))].sort();
  const choice =
    variants.length === 0 ? '' : ` It has ONNX files; choose with ${repository}:<variant>, of ${variants.join(', ')}.`;
  if (variant !== null) return `ONNX files of the variant "${variant}".${choice || ' It has none of any variant.'}`;
  const pickled = [...paths].some((path) => /\.(?:bin|pt|pth|ckpt)$/.test(path));
  const why = pickled ? ' It has pickled weights, which can run code when they are read and are never fetched.' : '';
  return `safetensors.${why}${choice}`;
}

function variantOf(path: string): string[] {
  const match = graph.exec(path);
  if (match === null) return [];
  return [match[1] === undefined ? 'fp32' : match[1] === 'quantized' ? 'int8' : match[1]];
}
