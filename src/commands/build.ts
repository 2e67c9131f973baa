/** `octavo build`: from a Hugging Face folder, or random weights of a named shape, to a model folder. */
import { z } from 'zod';
import { engineOptions } from '../engine-options.js';
import { OctavoError } from '../errors.js';
import { buildModel, buildRandomModel } from '../models/build/build.js';
import { checkInt8Cache } from '../models/build/int8-cache.js';
import { shapeNames } from '../models/build/source/random-source.js';
import { namedPrecisions, precisionFor, targets } from '../models/build/target.js';
import { isCalibrated } from '../models/calibration/calibrate.js';
import { buildCalibrated, buildRandomCached, type CalibrationTexts } from '../models/calibration/calibrated-build.js';
import type { Manifest, Precision } from '../models/manifest.js';
import { buildMeasured } from '../models/measured-build.js';
import { describeRandom } from '../models/random-remark.js';
import type { OnProgress } from '../models/receipt/progress.js';
import type { Receipt } from '../models/receipt/receipt.js';
import { describeOptions, integer, list, type OptionTable, oneOf, parseOptions, text, toggle } from '../options.js';
import { refuseUseless } from './build-refusals.js';
import type { Command } from './command.js';
import { stopWith, untilInterrupted } from './interrupt.js';
import { describeKept } from './kept-line.js';
import { describePrecision } from './precision-line.js';
import { createBar } from './progress-bar.js';
import { checkReadable } from './readable-file.js';
import { textOptions } from './receipt.js';
import { formatReceipt } from './receipt-table.js';

/** Predictions of the receipt of a build on text that FP32 writes: enough to see a loss of a percent; `octavo receipt` measures more. */
const quickTokens = 2000;

const buildOptions = {
  out: {
    schema: text(),
    value: 'folder',
    help: 'Folder to write (required)',
  },
  target: {
    schema: oneOf(...targets).default('cpu'),
    value: 'device',
    help: 'cpu (default), or gpu: int8-weight, int4-weight or fp16 with activations and KV cache in float16',
  },
  precision: {
    schema: oneOf(...namedPrecisions).optional(),
    value: 'name',
    help: 'int8 (per-token W8A8), int8-weight or int4-weight (blocks), fp16 or fp32 (default int8; for a GPU int8-weight)',
  },
  name: {
    schema: text(128).optional(),
    value: 'id',
    help: "Id of the model in the API (default: the source folder's name)",
  },
  random: {
    schema: text().optional(),
    value: 'shape',
    help: `Random weights instead of a checkpoint: ${shapeNames.join(', ')}`,
  },
  seed: { schema: integer(0, 0xffffffff).optional(), value: 'n', help: 'Seed of the random weights (default 0)' },
  kvCache: {
    schema: oneOf('int8').optional(),
    value: 'type',
    help: 'int8: a quarter of the memory, with fixed steps measured on a text; CPU builds of decoders (default: as the activations)',
  },
  reduceRange: { schema: toggle(), help: '7-bit weights, for x86 processors without VNNI' },
  keep: {
    schema: list(),
    value: 'layers',
    help: 'Layers that stay FP32, separated by commas: layers.3/mlp/down_proj',
    many: true,
  },
  calibrate: {
    schema: text().default('default'),
    value: 'text',
    help: 'Text that int8, and an int8 cache, measures ranges on: a file, default (one that ships with Octavo); off: int8 does not',
  },
  force: { schema: toggle(), help: 'Replace an existing folder' },
  noReceipt: { schema: toggle(), help: 'Do not measure the build against FP32' },
  maxLoss: {
    schema: z
      .string()
      .regex(/^\d{1,2}(\.\d+)?%$/, 'expected a percentage with its sign, such as 1% or 0.5%')
      .transform((text) => Number.parseFloat(text) / 100)
      .nullable()
      .default(null),
    value: 'percent',
    help: 'Loss that is allowed, such as 1%: in int8 layers stay FP32 until it is kept, else the build fails',
  },
  text: textOptions.text,
  tokens: {
    ...textOptions.tokens,
    help: `${textOptions.tokens.help} (default: the whole file; text that FP32 writes: ${quickTokens})`,
  },
  threads: engineOptions.threads,
} as const satisfies OptionTable;

export const buildCommand: Command = {
  name: 'build',
  summary: 'Build an INT8 ONNX model folder from a Hugging Face folder',
  help: `Usage: octavo build <hugging-face-folder> --out <folder> [options]
       octavo build --random <shape> --out <folder> [options]

Reads config.json, tokenizer.json and safetensors; writes an ONNX graph, its weights and a manifest. The folder appears
whole or not at all. A build of a checkpoint is measured against FP32 on this machine, and the receipt of quality and speed
is written beside it; --no-receipt skips that, "octavo receipt" measures again. A loss is of perplexity; of a model that
embeds, how far vectors move as a share of what lies between different texts; of one that classifies or tags, the share of
labels that change. Random weights give noise, have nothing to lose and get no receipt: they are for measuring speed.

${describeOptions(buildOptions)}

Examples:
  octavo build ./Qwen2.5-0.5B-Instruct --out ./qwen
  octavo build ./Qwen2.5-0.5B-Instruct --out ./qwen --text conversations.jsonl --max-loss 1%
  octavo build ./Qwen2.5-0.5B-Instruct --out ./qwen-gpu --target gpu
  octavo build ./Qwen2.5-0.5B-Instruct --out ./qwen-long --kv-cache int8
  octavo serve --model ./qwen
  octavo build --random qwen2.5-0.5b --out ./random && octavo bench --model ./random
`,
  run: async (argv) => {
    const { values, positionals } = parseOptions(buildOptions, { argv });
    const [source, ...rest] = positionals;
    if (rest.length > 0 || (source === undefined) === (values.random === undefined)) {
      throw new OctavoError('invalid_config', 'Give one Hugging Face folder, or --random with a shape.');
    }
    const started = Date.now();
    const { manifest, receipt } = await untilInterrupted((signal) =>
      build(source, values, stopWith(signal, createBar(process.stderr))),
    );
    const mebibytes = manifest.files.reduce((sum, { bytes }) => sum + bytes, 0) / 2 ** 20;
    const seconds = (Date.now() - started) / 1000;
    process.stdout.write(
      `${manifest.name} (${manifest.architecture}, ${describePrecision(manifest)}): ${mebibytes.toFixed(1)} MiB in ${seconds.toFixed(1)} s, written to ${values.out}\n`,
    );
    process.stdout.write(describeKept(manifest));
    if (values.target === 'gpu' && manifest.task !== 'generate') process.stdout.write(encoderNote);
    if (manifest.random) process.stdout.write(`Note: ${describeRandom(manifest.random)} It gets no receipt.\n`);
    if (receipt !== null) process.stdout.write(`\n${formatReceipt(receipt)}`);
  },
};

const encoderNote =
  'Note: WebGPU does not run the encoders that octavo build makes, as its attention cannot look both ways; --device auto takes the CPU there.\n';

type BuildSettings = ReturnType<typeof parseOptions<typeof buildOptions>>['values'];

interface Built {
  readonly manifest: Manifest;
  /** `null`: nothing was measured. */
  readonly receipt: Receipt | null;
}

/** `source` is `undefined` for random weights. */
async function build(source: string | undefined, settings: BuildSettings, onProgress: OnProgress): Promise<Built> {
  const { out, name, random, seed = 0, reduceRange, keep, force, maxLoss } = settings;
  const precision = precisionFor(settings.target, settings.precision);
  refuseUseless({ ...settings, precision, isRandom: source === undefined });
  const options = { out, precision, reduceRange, keep, force, ...(name === undefined ? {} : { name }) };
  const { text, tokens, threads, kvCache } = settings;
  if (source === undefined) {
    const shaped = { ...options, shape: random ?? '', seed };
    if (kvCache === undefined) return { manifest: await buildRandomModel(shaped, onProgress), receipt: null };
    await checkInt8Cache(shaped, precision);
    return { manifest: await buildRandomCached(shaped, threads, onProgress), receipt: null };
  }
  const texts = await calibrationTexts(source, settings, precision);
  if (text !== null) await checkReadable('--text', text);
  if (precision === 'fp32' || settings.noReceipt) {
    const alone = { ...options, source };
    const isCalibrated = texts.activations !== undefined || texts.cache !== undefined;
    const manifest = isCalibrated
      ? await buildCalibrated({ build: alone, texts, threads }, onProgress)
      : await buildModel(alone, onProgress);
    return { manifest, receipt: null };
  }
  const measure = { text, tokens, sampled: quickTokens, threads, runtime: 'auto', device: 'cpu' } as const;
  return buildMeasured({ build: { ...options, source }, measure, maxLoss, texts }, onProgress);
}

/** Throws `invalid_config` for a text that the build has no use for, and for a cache that cannot be int8. */
async function calibrationTexts(
  source: string,
  { calibrate, kvCache }: Pick<BuildSettings, 'calibrate' | 'kvCache'>,
  precision: Precision,
): Promise<CalibrationTexts> {
  if (kvCache !== undefined) await checkInt8Cache({ folder: source }, precision);
  const text = calibrate === 'default' || calibrate === 'off' ? null : calibrate;
  const cache = kvCache === undefined ? {} : { cache: text };
  if (calibrate === 'off') return cache;
  const readsText = precision === 'int8' && (await isCalibrated(source));
  if (text !== null && (readsText || kvCache !== undefined)) await checkReadable('--calibrate', text);
  if (readsText) return { ...cache, activations: text };
  if (text === null || kvCache !== undefined) return cache;
  const why = 'it is for int8 builds of decoders, whose activations are rounded by row, and for --kv-cache int8';
  throw new OctavoError('invalid_config', `--calibrate ${calibrate} has no use here: ${why}.`);
}
