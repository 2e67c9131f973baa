/** How fast a decoder is: decode steps for several row counts, and prefills. */
import { OctavoError } from '../errors.js';
import type { LoadedDecoder } from '../models/load-model.js';
import { decode, prefill, promptIds } from '../models/receipt/engine-runs.js';
import type { Shares } from '../models/roofline/shares.js';
import { formatRates, summarise, timed } from './bench-times.js';
import type { BeginStage } from './stages.js';

export interface DecoderBench {
  /** Row counts of the decode runs. */
  readonly batch: readonly number[];
  /** Tokens of a prompt. */
  readonly prompt: number;
  readonly steps: number;
  /** Prefills. */
  readonly repeat: number;
}

export interface DecoderRun {
  readonly run: string;
  readonly kind: 'decode' | 'prefill';
  readonly rows: number;
  /** Computed in one step, of all rows together. */
  readonly tokens: number;
  /** Tokens per second: of the median step, of the step at the 90th and at the 10th percentile of time. */
  readonly tokensPerSecond: number;
  readonly low: number;
  readonly high: number;
  readonly medianStepMs: number;
}

/** Of the steps before those that are measured. */
const warmUpTokens = 4;

/** A stage for each row count, and one for the prefills. */
export const decoderStages = ({ batch }: DecoderBench) => batch.length + 1;

/** Throws `invalid_config` when the context is too small for the runs. */
export async function measureDecoder(
  { engine, model }: LoadedDecoder,
  settings: DecoderBench,
  begin: BeginStage,
): Promise<DecoderRun[]> {
  const { prompt, steps } = settings;
  const most = engine.capacity - warmUpTokens;
  if (prompt + steps > most) {
    const half = Math.floor(most / 2);
    const message = `--prompt ${prompt} and --steps ${steps} do not fit the context of ${engine.capacity} tokens: together they may be ${most} at most, such as --prompt ${half} --steps ${half}`;
    throw new OctavoError('invalid_config', `${message}.`);
  }
  const ids = (seed: number) => promptIds(seed, prompt, model.tokenizer.vocabSize);
  const runs: DecoderRun[] = [];
  for (const rows of settings.batch) {
    const run = `decode ${rows}`;
    const onShare = begin(run);
    for (let row = 0; row < rows; row++) {
      await prefill(engine, row, ids(row));
      onShare(0);
    }
    const times = await timed({ count: steps, onShare }, () => decode(engine, rows));
    runs.push(toRun({ run, kind: 'decode', rows, tokens: rows }, times));
  }
  const run = `prefill ${prompt}`;
  const times = await timed({ count: settings.repeat, onShare: begin(run) }, (i) => prefill(engine, 0, ids(i)));
  return [...runs, toRun({ run, kind: 'prefill', rows: 1, tokens: prompt }, times)];
}

/** `shares`: of each run, in order; `null` where there is nothing to hold the runs against. */
export function formatDecoderRuns(runs: readonly DecoderRun[], shares: readonly Shares[] | null): string {
  const rows = runs.map(({ run, tokensPerSecond: rate, low, high, medianStepMs: medianMs }, index) => {
    return run.padEnd(14) + formatRates({ rate, low, high, medianMs }) + formatShares(shares?.[index]);
  });
  const columns = shares === null ? '' : '   memory     INT8';
  return `run           tokens/s        10% - 90%    ms/step${columns}\n${rows.join('\n')}\n`;
}

function toRun(what: Pick<DecoderRun, 'run' | 'kind' | 'rows' | 'tokens'>, times: readonly number[]): DecoderRun {
  const { rate, low, high, medianMs } = summarise(times, what.tokens);
  return { ...what, tokensPerSecond: rate, low, high, medianStepMs: medianMs };
}

function formatShares(shares: Shares | undefined): string {
  if (shares === undefined) return '';
  const percent = (share: number | null) => (share === null ? '-' : `${(100 * share).toFixed(0)}%`).padStart(9);
  return percent(shares.memory) + percent(shares.int8);
}
