/** `octavo bench`: how fast the engine of a model is on this machine, without HTTP. */
import { z } from 'zod';
import { counted } from '../counted.js';
import { engineOptions } from '../engine-options.js';
import type { LoadedEncoder } from '../models/load-encoder.js';
import { type LoadedDecoder, type LoadedModel, loadModel } from '../models/load-model.js';
import { profileModel } from '../models/profile-model.js';
import { machineInfo } from '../models/receipt/machine.js';
import type { OnProgress } from '../models/receipt/progress.js';
import { type MachineLimits, measureLimits } from '../models/roofline/machine-limits.js';
import { describeOptions, integer, type OptionTable, parseOptions, refusePositionals, toggle } from '../options.js';
import { decoderStages, formatDecoderRuns, measureDecoder } from './bench-decoder.js';
import { encoderStages, formatEncoderRuns, measureEncoder } from './bench-encoder.js';
import { formatProfile } from './bench-profile.js';
import { describeLimits, readWork, sharesOfRuns } from './bench-roofline.js';
import type { Command } from './command.js';
import { stopWith, untilInterrupted } from './interrupt.js';
import { describePrecision } from './precision-line.js';
import { createBar } from './progress-bar.js';
import { countStages, type OnShare } from './stages.js';

const { rows: _rows, ...loadOptions } = engineOptions;

const benchOptions = {
  ...loadOptions,
  batch: {
    schema: z
      .string()
      .regex(/^[1-9]\d{0,2}(,[1-9]\d{0,2})*$/, 'expected row counts such as 1,4,16,32')
      .transform((text) => text.split(',').map(Number))
      .nullable()
      .default(null),
    value: 'list',
    help: 'Row counts of the runs (default 1,4,16,32; of an encoder 1,8,32)',
  },
  prompt: {
    schema: integer(2, 1 << 16).default(128),
    value: 'tokens',
    help: 'Tokens of a prompt, or of a text (default 128)',
  },
  steps: {
    schema: integer(4, 100_000).default(64),
    value: 'n',
    help: 'Measured decode steps of each run (default 64)',
  },
  repeat: {
    schema: integer(1, 1000).default(8),
    value: 'n',
    help: 'Measured prefills, or of an encoder batches and rounds (default 8)',
  },
  texts: {
    schema: integer(2, 10_000).default(256),
    value: 'n',
    help: 'Texts of mixed lengths, for an encoder (default 256)',
  },
  profile: {
    schema: toggle(),
    help: 'Then run it again, and tell which provider and operators the time of a step goes to',
  },
  json: { schema: toggle(), help: 'Print one JSON object instead of a table' },
} as const satisfies OptionTable;

export const benchCommand: Command = {
  name: 'bench',
  summary: "Measure the speed of a model's engine",
  help: `Usage: octavo bench [options]

Runs the engine in its worker thread as the server does, without HTTP. A model that generates: tokens per second, greedy,
of decode steps and of prefills. An encoder: texts per second, of one length, and of mixed lengths (log-normal around 60
tokens, at most 400): by length as the server groups them; by arrival, in batches of as many tokens padded to their
longest text; and by rows, in such batches of as many texts as --batch allows, however long.
Medians with the 10th and 90th percentile.

Of a model that generates also how near it comes to what the machine can do at most with as many threads, measured after
the runs: the share of memory's bandwidth, as if a step read the weights and nothing else, and the share of the rate of 8-bit products.

--profile runs the first row count of --batch again and tells which execution provider, and which of its operators, the
time goes to: what of a graph falls back to the CPU, and what that costs.

What is being measured stands on standard error while it lasts, where that is a terminal; Ctrl-C ends it with status 130.

${describeOptions(benchOptions)}
`,
  run: async (argv, env) => {
    const { values, positionals } = parseOptions(benchOptions, { argv, env });
    refusePositionals(positionals);
    const { report, table, profile } = await untilInterrupted((signal) =>
      benchModel(values, stopWith(signal, createBar(process.stderr))),
    );
    process.stdout.write(
      values.json
        ? `${JSON.stringify({ ...report, ...(profile && { profile }) }, null, 2)}\n`
        : `${describeReport(report)}\n${table}${formatProfile(profile ?? [])}`,
    );
  },
};

/** Decode steps of a profile at most: its file grows with each. */
const profiledSteps = 16;

type BenchSettings = ReturnType<typeof parseOptions<typeof benchOptions>>['values'];

/** `profile` is `null` where none was asked for. */
async function benchModel(values: BenchSettings, onProgress: OnProgress) {
  const { profile: wantsProfile, ...engine } = values;
  const options = { ...engine, folder: values.model, name: null, rows: Math.max(...(values.batch ?? [32])) };
  onProgress({ done: 0, total: 1, what: 'loading the model' });
  const loaded = await loadModel(options);
  const measured = await measure(loaded, values, onProgress).finally(() => loaded.close());
  const { table, ...figures } = measured;
  const report = { model: describeModel(loaded), machine: machineInfo(), ...figures };
  const { batch, prompt, steps } = report.settings;
  const first = { rows: batch[0] ?? 1, prompt, steps: Math.min(steps, profiledSteps) };
  return { report, table, profile: wantsProfile ? await profileModel(options, first, onProgress) : null };
}

async function measure(loaded: LoadedModel, values: BenchSettings, onProgress: OnProgress) {
  return loaded.kind === 'decoder'
    ? measureGenerating(loaded, values, onProgress)
    : measureReading(loaded, values, onProgress);
}

async function measureGenerating(loaded: LoadedDecoder, values: BenchSettings, onProgress: OnProgress) {
  const { batch, prompt, steps, repeat } = values;
  const settings = { batch: batch ?? [1, 4, 16, 32], prompt, steps, repeat };
  // Of another device the machine's limits say nothing.
  const isOnCpu = loaded.model.runtime.provider === 'cpu';
  const begin = countStages(decoderStages(settings) + (isOnCpu ? 1 : 0), onProgress);
  const runs = await measureDecoder(loaded, settings, begin);
  const limits = isOnCpu ? await measureMachine(values.threads, begin('what the machine can do')) : null;
  const shares = limits && sharesOfRuns(runs, await readWork(values.model), limits);
  const results = runs.map((run, index) => ({ ...run, shares: shares?.[index] ?? null }));
  return { limits, settings, results, table: formatDecoderRuns(runs, shares) };
}

async function measureMachine(threads: number, onShare: OnShare): Promise<MachineLimits> {
  const limits = await measureLimits(threads);
  onShare(1);
  return limits;
}

async function measureReading(loaded: LoadedEncoder, values: BenchSettings, onProgress: OnProgress) {
  const { batch, prompt, repeat, texts } = values;
  const settings = { batch: batch ?? [1, 8, 32], prompt, repeat, texts, steps: values.steps };
  const results = await measureEncoder(loaded, settings, countStages(encoderStages(settings), onProgress));
  return { limits: null, settings, results, table: formatEncoderRuns(results) };
}

function describeModel({ model, engine }: LoadedModel) {
  const { id, architecture, precision, runtime } = model;
  const cache = 'kvCache' in model ? { kvCache: model.kvCache } : {};
  return { id, architecture, precision, ...cache, capacity: engine.capacity, ...runtime };
}

interface Report {
  readonly model: ReturnType<typeof describeModel>;
  readonly machine: ReturnType<typeof machineInfo>;
  readonly limits: MachineLimits | null;
}

function describeReport({ model, machine, limits }: Report): string {
  return `${model.id} (${model.architecture}, ${describePrecision(model)}), capacity ${model.capacity}, ${model.runtime} ${model.version}, ${model.provider}, ${counted(model.threads, 'thread')}${model.placement && `, ${model.placement}`}
${machine.cpu}, ${machine.cores} cores, Node ${machine.node}
${limits === null ? '' : `${describeLimits(limits)}\n`}`;
}
