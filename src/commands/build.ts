/** `octavo build`: from a Hugging Face folder, or random weights of a named shape, to a model folder. */
import { z } from 'zod';
import { OctavoError } from '../errors.js';
import { type BuildProgress, buildModel, buildRandomModel } from '../models/build/build.js';
import { shapeNames } from '../models/build/source/random-source.js';
import { describeOptions, integer, type OptionTable, oneOf, parseOptions, toggle } from '../options.js';
import type { Command } from './command.js';

const buildOptions = {
  out: {
    schema: z.string({ error: 'Expected the folder to write' }).min(1),
    value: 'folder',
    help: 'Folder to write (required)',
  },
  precision: {
    schema: oneOf('int8', 'fp32').default('int8'),
    value: 'name',
    help: 'int8 (per-token W8A8) or fp32 (default int8)',
  },
  name: {
    schema: z.string().optional(),
    value: 'id',
    help: "Id of the model in the API (default: the source folder's name)",
  },
  random: {
    schema: z.string().optional(),
    value: 'shape',
    help: `Random weights instead of a checkpoint: ${shapeNames.join(', ')}`,
  },
  seed: { schema: integer(0, 0xffffffff).default(0), value: 'n', help: 'Seed of the random weights (default 0)' },
  reduceRange: { schema: toggle(), help: '7-bit weights, for x86 processors without VNNI' },
  force: { schema: toggle(), help: 'Replace an existing folder' },
} as const satisfies OptionTable;

export const buildCommand: Command = {
  name: 'build',
  summary: 'Build an INT8 ONNX model folder from a Hugging Face folder',
  help: `Usage: octavo build <hugging-face-folder> --out <folder> [options]
       octavo build --random <shape> --out <folder> [options]

Reads config.json, tokenizer.json and safetensors; writes an ONNX graph, its weights and a manifest. The folder appears
whole or not at all.

${describeOptions(buildOptions)}

Examples:
  octavo build ./Qwen2.5-0.5B-Instruct --out ./qwen
  octavo serve --model ./qwen
  octavo build --random qwen2.5-0.5b --out ./random && octavo bench --model ./random
`,
  run: async (argv) => {
    const { values, positionals } = parseOptions(buildOptions, { argv });
    const { out, precision, name, random, seed, reduceRange, force } = values;
    const [source, ...rest] = positionals;
    if (rest.length > 0 || (source === undefined) === (random === undefined)) {
      throw new OctavoError('invalid_config', 'Give one Hugging Face folder, or --random with a shape.');
    }
    const options = { out, precision, reduceRange, force, ...(name === undefined ? {} : { name }) };
    const started = Date.now();
    const bar = createBar(process.stderr);
    const manifest =
      random === undefined
        ? await buildModel({ ...options, source: source ?? '' }, bar)
        : await buildRandomModel({ ...options, shape: random, seed }, bar);
    const mebibytes = manifest.files.reduce((sum, { bytes }) => sum + bytes, 0) / 2 ** 20;
    const seconds = (Date.now() - started) / 1000;
    process.stdout.write(
      `${manifest.name} (${manifest.architecture}, ${manifest.precision}): ${mebibytes.toFixed(1)} MiB in ${seconds.toFixed(1)} s, written to ${out}\n`,
    );
  },
};

/** Draws on a terminal only, at most once for each percent. */
function createBar(stream: NodeJS.WriteStream): (progress: BuildProgress) => void {
  const width = 30;
  let shown = -1;
  return ({ done, total, what }) => {
    const percent = Math.floor((100 * done) / total);
    if (!stream.isTTY || percent === shown) return;
    shown = percent;
    const filled = Math.round((percent / 100) * width);
    stream.write(`\r\x1b[K[${'█'.repeat(filled)}${'·'.repeat(width - filled)}] ${percent}% ${what.slice(0, 48)}`);
    if (percent === 100) stream.write('\r\x1b[K');
  };
}
