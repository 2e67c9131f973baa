/** Builds a model folder: an ONNX graph, its weights, its tokenizer and a manifest, from a checkpoint or random weights. */
import { OctavoError } from '../../errors.js';
import { readEndTokens } from '../end-tokens.js';
import { activationsOf, type Manifest, manifestSchema, type Precision } from '../manifest.js';
import { nameOf } from '../model-name.js';
import { packageVersion } from '../package-version.js';
import { familyOf } from './families/families.js';
import { OutputFolder } from './folder/output-folder.js';
import { type CacheRanges, movedRanges } from './graph/cache-scales.js';
import type { Calibration } from './graph/factors.js';
import { checkCacheOf } from './int8-cache.js';
import type { JsonObject } from './json.js';
import { drawKeeping } from './kept-layers.js';
import { dtypeName } from './onnx/dtype.js';
import { writeModel } from './onnx/model-writer.js';
import { openCheckpointSource } from './source/checkpoint-source.js';
import { jsonBytes, type ModelSource } from './source/model-source.js';
import { randomSource } from './source/random-source.js';

export interface OutputOptions {
  /** The folder to write. Its parent is made if need be. */
  readonly out: string;
  readonly precision: Precision;
  /** The model's id in the API; the source folder's or the shape's name when left out. */
  readonly name?: string;
  /** 7-bit weights, for processors whose u8 x s8 kernels saturate (x86 without VNNI). int8 only. */
  readonly reduceRange?: boolean;
  /** Linear layers that stay FP32, by their names in the graph, such as `layers.3/mlp/down_proj`. int8 only. */
  readonly keep?: readonly string[];
  /** Factors that leave the model as it is, and its rounding not. */
  readonly calibration?: Calibration | undefined;
  /** What the KV cache holds in FP32: it is rounded to 8 bits then, else kept as the activations are. */
  readonly cacheRanges?: CacheRanges | undefined;
  /** Replace an existing folder. */
  readonly force?: boolean;
  /**
   * Looks at the finished folder before it gets its name, and gives files for it that the manifest does not list: path
   * and bytes. What it throws ends the build, with nothing left behind.
   */
  readonly inspect?: (folder: string) => Promise<ReadonlyMap<string, Uint8Array>>;
}

export interface BuildOptions extends OutputOptions {
  /** A Hugging Face folder: config.json, tokenizer.json, safetensors. */
  readonly source: string;
}

export interface RandomBuildOptions extends OutputOptions {
  /** One of `shapeNames`. */
  readonly shape: string;
  /** Unsigned 32 bits. The same seed gives the same bytes. */
  readonly seed: number;
}

export interface BuildProgress {
  /** Bytes of tensors written, and bytes in all. */
  readonly done: number;
  readonly total: number;
  /** The tensor being written. */
  readonly what: string;
}

type OnProgress = (progress: BuildProgress) => void;

/**
 * Builds from a checkpoint. The same input gives the same bytes; the folder appears whole or not at all.
 * Throws `invalid_model`, `unsupported_model`, or `invalid_config` for options.
 */
export async function buildModel(options: BuildOptions, onProgress: OnProgress = () => {}): Promise<Manifest> {
  const name = options.name ?? nameOf(options.source);
  const source = await openCheckpointSource(options.source);
  try {
    return await assemble(source, { ...options, name }, onProgress);
  } finally {
    await source.weights.close();
  }
}

/** Builds a model of random weights in a named shape, with a byte-level tokenizer. Throws as `buildModel`. */
export async function buildRandomModel(
  options: RandomBuildOptions,
  onProgress: OnProgress = () => {},
): Promise<Manifest> {
  const { shape, seed, name = `${shape}-random` } = options;
  return assemble(randomSource(shape, seed), { ...options, name, random: { shape, seed } }, onProgress);
}

type NamedOptions = OutputOptions & { readonly name: string } & Pick<Manifest, 'random'>;

async function assemble(source: ModelSource, options: NamedOptions, onProgress: OnProgress): Promise<Manifest> {
  const { precision, name } = options;
  if (!manifestSchema.shape.name.safeParse(name).success) {
    throw new OctavoError('invalid_config', `The name ${name} must be letters, digits, "_", "." or "-", at most 128.`);
  }
  const family = familyOf(source.config);
  const plan = family.plan(source.config, source.modules);
  const endTokens = plan.output ? [] : readEndTokens([source.generation, source.config], plan.shape.vocab);
  const keep = [...new Set(options.keep)].sort();
  const moved = options.calibration?.moved ?? [];
  const weightLimit = options.reduceRange ? 63 : 127;
  const { calibration } = options;
  if (options.cacheRanges) checkCacheOf(source.config, precision);
  const cacheRanges = options.cacheRanges && movedRanges(options.cacheRanges, calibration);
  const cached = cacheRanges === undefined ? {} : ({ kvCache: 'int8' } as const);
  // Drawing checks every tensor's shape: nothing is written for a checkpoint that does not fit its config.json.
  const { model, encoder } = drawKeeping(keep, plan, {
    ...{ weights: source.weights, precision, weightLimit, factors: calibration?.factors, cacheRanges },
  });
  const producerVersion = await packageVersion();
  const folder = await OutputFolder.create(options.out, options.force ?? false);
  try {
    for (const { graph, path } of encoder === null ? [model] : [encoder, model]) {
      await writeModel(graph, folder, {
        path,
        producerVersion,
        onProgress: (done, total, what) => onProgress({ done, total, what }),
      });
    }
    // transformers.js cannot load the graphs of an encoder-decoder.
    const loading = encoder === null ? { 'transformers.js_config': loader({ precision, ...cached }) } : {};
    await folder.write('config.json', jsonBytes({ ...source.config, ...loading }));
    if (!plan.output) await folder.write('generation_config.json', jsonBytes(source.generation));
    for (const [path, bytes] of source.files) await folder.write(path, bytes);
    const manifest = manifestSchema.parse({
      ...{ format: 1, name, architecture: family.modelType, precision, builder: producerVersion },
      ...{ graph: model.path, shape: plan.shape, ...plan.output, endTokens, files: folder.files },
      ...(encoder !== null && { encoder: { graph: encoder.path, startToken: encoder.startToken } }),
      ...(keep.length > 0 && { kept: keep }),
      ...(moved.length > 0 && { moved }),
      ...cached,
      ...(options.random && { random: options.random }),
    });
    await folder.write('manifest.json', jsonBytes(manifest));
    const unlisted = (await options.inspect?.(folder.path)) ?? new Map<string, Uint8Array>();
    for (const [path, bytes] of unlisted) await folder.write(path, bytes);
    await folder.commit();
    return manifest;
  } finally {
    await folder.discard();
  }
}

/** What transformers.js needs to know to load the folder. */
function loader({ precision, kvCache }: Pick<Manifest, 'precision' | 'kvCache'>): JsonObject {
  const dtype = dtypeName(precision);
  const element = kvCache ?? activationsOf(precision);
  const cache = element === 'float32' ? {} : { kv_cache_dtype: { [dtype]: element } };
  return { use_external_data_format: true, dtype, ...cache };
}
