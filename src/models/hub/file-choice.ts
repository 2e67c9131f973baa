/** Which files of a repository are fetched: what building and serving read, nothing that runs. */
import { OctavoError } from '../../errors.js';
import { findGraphs, variantsOf } from '../onnx-file/variants.js';
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

/** The graphs, with their external data. */
function onnx(paths: ReadonlySet<string>, variant: string): string[] {
  const graphs = findGraphs(paths, variant);
  return [...graphs, ...[...paths].filter((path) => graphs.some((of) => isData(path, of)))];
}

function isData(path: string, of: string): boolean {
  return path.startsWith(of) && /^(?:_data(?:_\d{1,4})?|\.data)$/.test(path.slice(of.length));
}

function missing(paths: ReadonlySet<string>, { repository, variant }: ModelReference): string {
  const variants = variantsOf(paths);
  const choice =
    variants.length === 0 ? '' : ` It has ONNX files; choose with ${repository}:<variant>, of ${variants.join(', ')}.`;
  if (variant !== null) return `ONNX files of the variant "${variant}".${choice || ' It has none of any variant.'}`;
  const pickled = [...paths].some((path) => /\.(?:bin|pt|pth|ckpt)$/.test(path));
  const why = pickled ? ' It has pickled weights, which can run code when they are read and are never fetched.' : '';
  return `safetensors.${why}${choice}`;
}
