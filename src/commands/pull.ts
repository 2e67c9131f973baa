/** `octavo pull`: from a Hugging Face hub to a folder that `octavo build` reads, or that holds ONNX files. */
import { basename } from 'node:path';
import { z } from 'zod';
import { counted } from '../counted.js';
import { OctavoError } from '../errors.js';
import { parseReference } from '../models/hub/model-reference.js';
import { pullModel } from '../models/hub/pull.js';
import type { PullRecord } from '../models/hub/pull-record.js';
import { describeOptions, type OptionTable, parseOptions, text } from '../options.js';
import type { Command } from './command.js';
import { untilInterrupted } from './interrupt.js';
import { createBar } from './progress-bar.js';

/** Milliseconds before the first repetition of a request. */
const backoffMs = 1000;

const units: Readonly<Record<string, number>> = { M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 };

const pullOptions = {
  out: {
    schema: text().nullable().default(null),
    value: 'folder',
    help: "Folder to make (default: the model's name, here)",
  },
  endpoint: {
    schema: z
      .string()
      .transform((text) => (URL.canParse(text) ? new URL(text) : null))
      .refine(isEndpoint, 'expected an address such as https://huggingface.co')
      .default(new URL('https://huggingface.co')),
    value: 'url',
    help: 'Hub to fetch from (default https://huggingface.co)',
    env: ['HF_ENDPOINT'],
    secret: true,
  },
  maxSize: {
    schema: z
      .string()
      .regex(/^\d{1,6}(\.\d{1,3})?[MGT]$/, 'expected a size such as 500M or 20G')
      .transform((text) => Number.parseFloat(text) * (units[text.slice(-1)] ?? 1))
      .default(64 * 2 ** 30),
    value: 'size',
    help: 'Refuse a model whose files are larger together (default 64G)',
  },
} as const satisfies OptionTable;

export const pullCommand: Command = {
  name: 'pull',
  summary: 'Fetch a model from a Hugging Face hub',
  help: `Usage: octavo pull <org/name[@revision][:variant]> [options]

Fetches the safetensors of a model with its configuration and tokenizer, for "octavo build"; with a variant, such as
:int8, :q4 or :fp16, its ONNX files instead. Every file is of one commit and is checked against the hash that the hub
lists. The folder appears whole or not at all; what was cut goes on where it ended when the command is given again.

HF_TOKEN is the token for gated and private models; it is sent to the endpoint alone.

${describeOptions(pullOptions)}

Examples:
  octavo pull Qwen/Qwen2.5-0.5B-Instruct && octavo build ./Qwen2.5-0.5B-Instruct --out ./qwen
  octavo pull Qwen/Qwen2.5-0.5B-Instruct@main --out ./checkpoint --max-size 2G
`,
  run: async (argv, env) => {
    const { values, positionals } = parseOptions(pullOptions, { argv, env });
    const [name, ...rest] = positionals;
    if (name === undefined || rest.length > 0) throw new OctavoError('invalid_config', 'Give one model, as org/name.');
    const reference = parseReference(name);
    const out = values.out ?? `./${basename(reference.repository)}`;
    const { endpoint, maxSize: maxBytes } = values;
    const started = Date.now();
    const record = await untilInterrupted((signal) =>
      pullModel(
        { reference, out, endpoint, maxBytes, token: readToken(env), signal, backoffMs },
        createBar(process.stderr),
      ),
    );
    process.stdout.write(describe(record, out, (Date.now() - started) / 1000));
  },
};

function describe({ repository, commit, variant, files }: PullRecord, out: string, seconds: number): string {
  const mebibytes = files.reduce((sum, { bytes }) => sum + bytes, 0) / 2 ** 20;
  // The exports of encoder-decoders are not served.
  const pair = files.some(({ path }) => path.includes('encoder_model'));
  const next = variant === null ? `build ${out} --out <folder>` : pair ? null : `serve --model ${out}`;
  return `${repository} at ${commit.slice(0, 12)}: ${counted(files.length, 'file')}, ${mebibytes.toFixed(1)} MiB in ${seconds.toFixed(1)} s, written to ${out}\n${next === null ? '' : `Next: octavo ${next}\n`}`;
}

/** No flag gives it: flags can be seen in the list of processes. Its text is never in a message. */
function readToken(env: NodeJS.ProcessEnv): string | null {
  const token = env.HF_TOKEN?.trim() ?? '';
  if (token === '') return null;
  if (/^[\x21-\x7e]{1,4096}$/.test(token)) return token;
  throw new OctavoError('invalid_config', 'HF_TOKEN holds characters that no token has.');
}

function isEndpoint(url: URL | null): url is URL {
  if (url === null || !['http:', 'https:'].includes(url.protocol)) return false;
  return url.username === '' && url.password === '' && url.search === '' && url.hash === '';
}
