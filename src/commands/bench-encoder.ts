/** How fast an encoder is: batches of texts of one length, and texts of mixed lengths through the batcher. */
import { performance } from 'node:perf_hooks';
import { EncodeBatcher, type EncodeBatcherOptions } from '../batcher/encode-batcher.js';
import { defaultBatchTokens } from '../batcher/encode-scheduler.js';
import { OctavoError } from '../errors.js';
import { uniform } from '../models/decoder/random.js';
import type { LoadedEncoder } from '../models/load-encoder.js';
import { promptIds } from '../models/receipt/engine-runs.js';
import { formatRates, summarise, timed } from './bench-times.js';
import type { BeginStage, OnShare } from './stages.js';

export interface EncoderBench {
  /** Texts of a batch, for each run of one length. */
  readonly batch: readonly number[];
  /** Tokens of those texts. */
  readonly prompt: number;
  /** Batches of each run, and rounds of the mixed ones. */
  readonly repeat: number;
  /** Texts of mixed lengths. */
  readonly texts: number;
}

export interface EncoderRun {
  readonly run: string;
  /** Texts per second: of the median batch or round, of that at the 90th and at the 10th percentile of time. */
  readonly textsPerSecond: number;
  readonly low: number;
  readonly high: number;
  readonly medianMs: number;
  /** Share of the computed tokens that is padding. */
  readonly padding: number;
}

/** By length as the server does it; first come, first served, within the same tokens a batch, and by the number of rows alone. */
const orders: readonly (readonly [run: string, limits: EncodeBatcherOptions['batch']])[] = [
  ['by length', { tokens: defaultBatchTokens, grouping: 'length' }],
  ['by arrival', { tokens: defaultBatchTokens, grouping: 'arrival' }],
  ['by rows', { tokens: Number.MAX_SAFE_INTEGER, grouping: 'arrival' }],
];
type Texts = readonly (readonly number[])[];

/** A stage for each batch of one length, and one for the mixed ones. */
export const encoderStages = ({ batch }: EncoderBench) => batch.length + 1;

/** Throws `invalid_config` when the context is too small for the texts. */
export async function measureEncoder(
  loaded: LoadedEncoder,
  settings: EncoderBench,
  begin: BeginStage,
): Promise<EncoderRun[]> {
  const { engine, model } = loaded;
  const { prompt, repeat } = settings;
  if (prompt > engine.capacity) {
    const message = `--prompt is ${prompt}, but the context of this model is ${engine.capacity} tokens: it may be as many at most.`;
    throw new OctavoError('invalid_config', message);
  }
  const runs: EncoderRun[] = [];
  for (const rows of settings.batch) {
    const texts = Array.from({ length: rows }, (_, row) => promptIds(row, prompt, model.tokenizer.vocabSize));
    const run = `${rows} x ${prompt}`;
    const step = async () => void (await engine.step({ texts, length: prompt }));
    const times = await timed({ count: repeat, onShare: begin(run) }, step);
    runs.push(toRun(run, { times, texts: rows, padding: 0 }));
  }
  return [...runs, ...(await measureMixed(loaded, settings, begin('mixed lengths')))];
}

export function formatEncoderRuns(runs: readonly EncoderRun[]): string {
  const rows = runs.map(({ run, textsPerSecond: rate, low, high, medianMs, padding }) => {
    return `${run.padEnd(18)}${formatRates({ rate, low, high, medianMs })} ${`${(100 * padding).toFixed(0)}%`.padStart(8)}`;
  });
  return `run                texts/s        10% - 90%         ms  padding\n${rows.join('\n')}\n`;
}

/** Every order in turn, so that a busy machine slows all alike. */
async function measureMixed(
  { engine, model }: LoadedEncoder,
  { texts: count, repeat }: EncoderBench,
  onShare: OnShare,
): Promise<EncoderRun[]> {
  const texts = mixedLengths(count, engine.capacity).map((length, i) =>
    promptIds(i, length, model.tokenizer.vocabSize),
  );
  const runs = orders.map(([run, limits]) => ({ run: `mixed ${run}`, limits, times: [] as number[], padding: 0 }));
  // The first round warms up.
  for (let round = 0; round <= repeat; round++) {
    for (const [index, run] of runs.entries()) {
      const { ms, waste } = await encodeAll(engine, texts, run.limits);
      run.padding = waste;
      if (round > 0) run.times.push(ms);
      onShare((round + (index + 1) / runs.length) / (repeat + 1));
    }
  }
  return runs.map(({ run, times, padding }) => toRun(run, { times, texts: count, padding }));
}

/** All texts at once, through a batcher as the server has it. */
async function encodeAll(engine: LoadedEncoder['engine'], texts: Texts, batch: EncodeBatcherOptions['batch']) {
  const tokens = { useful: 0, padded: 0 };
  const batcher = new EncodeBatcher({
    engine,
    batch,
    queue: { sequences: texts.length, promptTokens: Number.MAX_SAFE_INTEGER },
    clock: () => performance.now(),
    events: {
      step: (event) => {
        tokens.useful += event.tokens;
        tokens.padded += event.paddedTokens;
      },
      queued: () => {},
    },
  });
  const started = performance.now();
  await batcher.encode({ texts });
  return { ms: performance.now() - started, waste: 1 - tokens.useful / tokens.padded };
}

/** Log-normal around 60 tokens, 400 at most, from a fixed seed: most texts short, a few long. */
function mixedLengths(count: number, capacity: number): number[] {
  const [median, spread, longest] = [60, 0.8, Math.min(400, capacity)];
  return Array.from({ length: count }, (_, index) => {
    const length = Math.round(median * Math.exp(spread * normal(index)));
    return Math.max(3, Math.min(longest, length));
  });
}

/** Standard normal (Box and Muller). */
function normal(position: number): number {
  const radius = Math.sqrt(-2 * Math.log(1 - uniform(1, position)));
  return radius * Math.cos(2 * Math.PI * uniform(2, position));
}

function toRun(
  run: string,
  { times, texts, padding }: { readonly times: readonly number[]; readonly texts: number; readonly padding: number },
): EncoderRun {
  const { rate, low, high, medianMs } = summarise(times, texts);
  return { run, textsPerSecond: rate, low, high, medianMs, padding };
}
