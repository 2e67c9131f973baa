/** `octavo bench`: tokens per second of the engine alone, without HTTP: decode for several row counts, and prefill. */
import { performance } from 'node:perf_hooks';
import { z } from 'zod';
import { engineOptions } from '../config.js';
import { OctavoError } from '../errors.js';
import { greedy } from '../models/decoder/sampling.js';
import type { DecoderEngine, PromptChunk } from '../models/decoder/step.js';
import { type LoadedModel, loadModel } from '../models/load-model.js';
import { describeOptions, integer, type OptionTable, parseOptions, toggle } from '../options.js';
import type { Command } from './command.js';
import { machineInfo } from './machine.js';

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
    const loaded = await loadModel({ ...values, folder: values.model, name: null, rows: Math.max(...values.batch) });
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

async function measure({ engine, model }: LoadedModel, settings: BenchSettings): Promise<Measurement[]> {
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
    results.push(summarise(`decode ${rows}`, rows, await time(steps, () => decode(engine, rows))));
  }
  const times = await time(settings.repeat, (i) => prefill(engine, 0, promptIds(i, prompt, model.tokenizer.vocabSize)));
  results.push(summarise(`prefill ${prompt}`, prompt, times));
  return results;
}

/** Ordinary looking ids, the same in every run. */
function promptIds(seed: number, length: number, vocab: number): number[] {
  return Array.from({ length }, (_, index) => ((index + 1) * 7919 + seed * 104_729) % Math.min(vocab, 4000));
}

async function prefill(engine: DecoderEngine, row: number, ids: readonly number[]): Promise<void> {
  const chunks: PromptChunk[] = [{ ids, past: 0, sampling: greedy }];
  await engine.step({ moves: [], work: { kind: 'prefill', firstRow: row, chunks } });
}

async function decode(engine: DecoderEngine, rows: number): Promise<void> {
  await engine.step({ moves: [], work: { kind: 'decode', rows } });
}

/** Milliseconds of each run, ascending; the first runs warm up and are not counted. */
async function time(count: number, run: (index: number) => Promise<void>): Promise<number[]> {
  const warmUps = 3;
  const times: number[] = [];
  for (let i = 0; i < count + warmUps; i++) {
    const start = performance.now();
    await run(i);
    if (i >= warmUps) times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b);
}

function summarise(run: string, tokens: number, times: readonly number[]): Measurement {
  const at = (share: number) => times[Math.round(share * (times.length - 1))] ?? 0;
  const rate = (ms: number) => (1000 * tokens) / ms;
  return { run, tokensPerSecond: rate(at(0.5)), low: rate(at(0.9)), high: rate(at(0.1)), medianStepMs: at(0.5) };
}

function describeModel({ model, engine }: LoadedModel) {
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
