/** Timed runs: their median, and how far they spread. */
import { time } from '../models/receipt/engine-runs.js';
import type { OnShare } from './stages.js';

/** Things a second: of the median run, of the run at the 90th and at the 10th percentile of time. */
export interface Rates {
  readonly rate: number;
  readonly low: number;
  readonly high: number;
  readonly medianMs: number;
}

/** Milliseconds of each of `count` runs; some before them warm up. */
export async function timed(
  { count, onShare }: { readonly count: number; readonly onShare: OnShare },
  run: (index: number) => Promise<void>,
): Promise<number[]> {
  return time({ count, warmUps: 3, onShare }, run);
}

/** `amount` things are done in each run. */
export function summarise(times: readonly number[], amount: number): Rates {
  const ascending = times.toSorted((a, b) => a - b);
  const at = (share: number) => ascending[Math.round(share * (ascending.length - 1))] ?? 0;
  const rate = (ms: number) => (1000 * amount) / ms;
  return { rate: rate(at(0.5)), low: rate(at(0.9)), high: rate(at(0.1)), medianMs: at(0.5) };
}

/** `rate   low - high   ms`, in columns. */
export function formatRates({ rate, low, high, medianMs }: Rates): string {
  const range = `${digits(low)} - ${digits(high)}`;
  return `${digits(rate).padStart(8)} ${range.padStart(16)} ${medianMs.toFixed(2).padStart(10)}`;
}

function digits(rate: number): string {
  return rate.toFixed(rate < 10 ? 1 : 0);
}
