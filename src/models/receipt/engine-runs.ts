/** The runs by which an engine is timed: greedy prefills and decode steps, the same tokens each time. */
import { performance } from 'node:perf_hooks';
import { greedy } from '../decoder/sampling.js';
import type { DecoderEngine, PromptChunk } from '../decoder/step.js';

/** Ordinary looking ids, the same in every run. */
export function promptIds(seed: number, length: number, vocab: number): number[] {
  return Array.from({ length }, (_, index) => ((index + 1) * 7919 + seed * 104_729) % Math.min(vocab, 4000));
}

/** Computes a whole prompt into `row`. */
export async function prefill(engine: DecoderEngine, row: number, ids: readonly number[]): Promise<void> {
  const chunks: PromptChunk[] = [{ ids, past: 0, sampling: greedy }];
  await engine.step({ moves: [], work: { kind: 'prefill', firstRow: row, chunks } });
}

/** One token for each of the first `rows` rows, `rounds` times. */
export async function decode(engine: DecoderEngine, rows: number, rounds = 1): Promise<void> {
  await engine.step({ moves: [], work: { kind: 'decode', rows, rounds } });
}

export interface TimedRuns {
  readonly count: number;
  /** Runs before them, which are not counted. */
  readonly warmUps: number;
  /** Is told the share of all runs that is done, between two of them, where no time is taken. */
  readonly onShare?: (share: number) => void;
}

/** Milliseconds of each of `count` runs, in order. */
export async function time(
  { count, warmUps, onShare = () => {} }: TimedRuns,
  run: (index: number) => Promise<void>,
): Promise<number[]> {
  const times: number[] = [];
  for (let i = 0; i < count + warmUps; i++) {
    const start = performance.now();
    await run(i);
    if (i >= warmUps) times.push(performance.now() - start);
    onShare((i + 1) / (count + warmUps));
  }
  return times;
}
