/** The two layouts of exports: which ONNX file is meant, and which configuration describes it. */
import { OctavoError } from '../../errors.js';
import type { JsonObject } from '../build/json.js';
import { findGraphs, variantsOf } from '../onnx-file/variants.js';
import { type ConfigFacts, readConfigFacts } from './config-facts.js';
import { commonNames, type DecoderNames } from './decoder-names.js';
import type { ExportFiles } from './export-files.js';
import { readGenaiConfig } from './genai-config.js';

export interface ChosenGraph {
  /** Path in the folder. */
  readonly path: string;
  /** Of a decoder. */
  readonly names: DecoderNames;
  readonly facts: ConfigFacts;
  /** As generation_config.json has them. */
  readonly generation: JsonObject;
  /** config.json; `null`: genai_config.json describes the model. */
  readonly config: JsonObject | null;
  /** The variant's name; `null`: nothing names it. */
  readonly precision: string | null;
}

/** `genai_config.json` names one graph; it is described by it unless a variant is asked for. Throws `invalid_model`. */
export async function chooseGraph(files: ExportFiles, variant: string | null): Promise<ChosenGraph> {
  const variants = variantsOf(files.paths);
  const genai = await files.readJson('genai_config.json');
  const config = await files.readJson('config.json');
  if (genai !== null && (variant === null || config === null)) {
    if (variant !== null) throw noVariant(files.root, variant, 'genai_config.json names its one graph');
    const { graph, ...rest } = readGenaiConfig(genai);
    return { path: graph, ...rest, config: null, precision: null };
  }
  if (variants.length === 0 || config === null) {
    const missing =
      variants.length === 0 ? 'neither manifest.json nor an ONNX export' : 'ONNX files but no config.json';
    const help = 'Build one with "octavo build", or fetch an export with "octavo pull <org/name>:<variant>".';
    throw new OctavoError('invalid_model', `No model at ${files.root}: it has ${missing}. ${help}`);
  }
  const chosen = variant ?? defaultVariant(files.root, variants);
  const [path, other] = findGraphs(files.paths, chosen);
  if (path === undefined && variants.includes(chosen)) {
    const message = `${files.root} has ${chosen} as decoder_model_merged alone, with two branches: export it anew.`;
    throw new OctavoError('unsupported_model', message);
  }
  if (path === undefined) throw noVariant(files.root, chosen, `it has ${variants.join(', ')}`);
  if (other !== undefined) {
    const message = `${files.root} is an encoder-decoder: exports of these are not served, "octavo build" writes one that is.`;
    throw new OctavoError('unsupported_model', message);
  }
  const generation = (await files.readJson('generation_config.json')) ?? {};
  return { path, names: commonNames, facts: readConfigFacts(config), generation, config, precision: chosen };
}

/** INT8 if there is one, else FP32, else the only one. */
function defaultVariant(root: string, variants: readonly string[]): string {
  const chosen = ['int8', 'fp32'].find((name) => variants.includes(name));
  const [only, ...others] = variants;
  if (chosen !== undefined) return chosen;
  if (only !== undefined && others.length === 0) return only;
  const choice = `choose with ${root}:<variant>, of ${variants.join(', ')}`;
  throw new OctavoError('invalid_model', `${root} has several variants; ${choice}.`);
}

function noVariant(root: string, variant: string, what: string): OctavoError {
  return new OctavoError('invalid_model', `${root} has no variant "${variant}": ${what}.`);
}
