/** `octavo bench`: tokens per second of the engine alone, without HTTP: decode for several row counts, and prefill. */
import { z } from 'zod';
import { engineOptions } from '../config.js';
import { OctavoError } from '../errors.js';
import { type LoadedDecoder, loadDecoder } from '../models/load-model.js';
import { decode, prefill, promptIds, time } from '../models/receipt/engine-runs.js';
import { machineInfo } from '../models/receipt/machine.js';
import { describeOptions, integer, type OptionTable, parseOptions, toggle } from '../options.js';
import type { Command } from './command.js';

const { rows: _rows, ...loadOptions } = engineOptions;

const benchOptions = {
  ...loadOptions,
  batch: {
    schema: z
      .string()
      .regex(/^\d{1,3}(,\d{1,3})*$/, 'Expected row counts such as 1,4,16,32')
      .transform((text) => text.split(',').map(Number))
      .default([1, 4, 16, 32]),
    value: 'list',
    help: 'Row counts of the decode runs (default 1,4,16,32)',
  },
  prompt: { schema: integer(2, 1 << 16).default(128), value: 'tokens', help: 'Tokens of a prompt (default 128)' },
  steps: {
    schema: integer(4, 100_000).default(64),
    value: 'n',
    help: 'Measured decode steps of each run (default 64)',
  },
  repeat: { schema: integer(1, 1000).default(8), value: 'n', help: 'Measured prefills (default 8)' },
  json: { schema: toggle(), help: 'Print one JSON object instead of a table' },
} as const satisfies OptionTable;

type BenchSettings = ReturnType<typeof parseOptions<typeof benchOptions>>['values'];

export const benchCommand: Command = {
  name: 'bench',
  summary: 'Measure the tokens per second of the engine',
  help: `Usage: octavo bench [options]

Runs the engine in its worker thread as the server does, without HTTP, greedy. Medians with the 10th and 90th percentile.

${describeOptions(benchOptions)}
`,
  run: async (argv, env) => {
    const { values } = parseOptions(benchOptions, { argv, env });
    const loaded = await loadDecoder({ ...values, folder: values.model, name: null, rows: Math.max(...values.batch) });
    try {
      const results = await measure(loaded, values);
      const report = { model: describeModel(loaded), machine: machineInfo(), settings: pickSettings(values), results };
      process.stdout.write(values.json ? `${JSON.stringify(report, null, 2)}\n` : formatReport(report));
    } finally {
      await loaded.close();
    }
  },
};

interface Measurement {
  readonly run: string;
  /** Tokens per second: of the median step, of the step at the 90th and at the 10th percentile of time. */
  readonly tokensPerSecond: number;
  readonly low: number;
  readonly high: number;
  readonly medianStepMs: number;
}

async function measure({ engine, model }: LoadedDecoder, settings: BenchSettings): Promise<Measurement[]> {
  const { prompt, steps } = settings;
  // One prefill and one decode step more than the measured ones, to warm up.
  const needed = prompt + steps + 4;
  if (needed > engine.capacity) {
    const message = `--prompt ${prompt} and --steps ${steps} need ${needed} tokens, the context has ${engine.capacity}`;
    throw new OctavoError('invalid_config', `${message}.`);
  }
  const results: Measurement[] = [];
  for (const rows of settings.batch) {
    for (let row = 0; row < rows; row++) await prefill(engine, row, promptIds(row, prompt, model.tokenizer.vocabSize));
    results.push(summarise(`decode ${rows}`, rows, await timed(steps, () => decode(engine, rows))));
  }
  const times = await timed(settings.repeat, (i) =>
    prefill(engine, 0, promptIds(i, prompt, model.tokenizer.vocabSize)),
  );
  results.push(summarise(`prefill ${prompt}`, prompt, times));
  return results;
}

/** Milliseconds of each run, ascending; the first runs warm up and are not counted. */
async function timed(count: number, run: (index: number) => Promise<void>): Promise<number[]> {
  return (await time({ count, warmUps: 3 }, run)).sort((a, b) => a - b);
}

function summarise(run: string, tokens: number, times: readonly number[]): Measurement {
  const at = (share: number) => times[Math.round(share * (times.length - 1))] ?? 0;
  const rate = (ms: number) => (1000 * tokens) / ms;
  return { run, tokensPerSecond: rate(at(0.5)), low: rate(at(0.9)), high: rate(at(0.1)), medianStepMs: at(0.5) };
}

function describeModel({ model, engine }: LoadedDecoder) {
  const { id, architecture, precision, runtime } = model;
  return { id, architecture, precision, capacity: engine.capacity, ...runtime };
}

function pickSettings({ batch, prompt, steps, repeat }: BenchSettings) {
  return { batch, prompt, steps, repeat };
}

interface Report {
  readonly model: ReturnType<typeof describeModel>;
  readonly machine: ReturnType<typeof machineInfo>;
  readonly results: readonly Measurement[];
}

function formatReport({ model, machine, results }: Report): string {
  const rows = results.map(
    ({ run, tokensPerSecond, low, high, medianStepMs }) =>
      `${run.padEnd(14)}${tokensPerSecond.toFixed(0).padStart(8)} ${`${low.toFixed(0)} - ${high.toFixed(0)}`.padStart(16)} ${medianStepMs.toFixed(2).padStart(10)}`,
  );
  return `${model.id} (${model.architecture}, ${model.precision}), capacity ${model.capacity}, ${model.runtime} ${model.version}, ${model.provider}, ${model.threads} threads
${machine.cpu}, ${machine.cores} cores, Node ${machine.node}

run           tokens/s        10% - 90%    ms/step
${rows.join('\n')}
`;
}
