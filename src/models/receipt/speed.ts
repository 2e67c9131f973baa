/** How fast two models run, and how much memory they take: short runs in turn, so that a busy machine slows both alike. */
import type { Receipt, SpeedRun } from './receipt.js';
import { TimedModel, type TimedRun, type TimingSetup } from './timed-model.js';

export type SpeedSetup = Omit<TimingSetup, 'folder'> & { readonly reference: string; readonly model: string };

export interface Speed {
  readonly speed: readonly SpeedRun[];
  readonly resident: Receipt['resident'];
  /** Of the model. */
  readonly info: TimedModel['ready']['info'];
}

/** Each round runs every run on both models; the medians are over all rounds. */
const rounds = 5;
const runsOf: Record<TimedModel['ready']['model'], readonly TimedRun[]> = {
  decoder: [
    { run: 'decode', rows: 1, count: 6 },
    { run: 'decode', rows: 4, count: 6 },
    { run: 'decode', rows: 16, count: 6 },
    { run: 'prefill', rows: 1, count: 2 },
  ],
  encoder: [
    { run: 'encode', rows: 1, count: 4 },
    { run: 'encode', rows: 4, count: 2 },
    { run: 'encode', rows: 16, count: 1 },
  ],
};

/** `onRun` is told how many of how many runs are done. Throws what loading and running throw. */
export async function measureSpeed(
  setup: SpeedSetup,
  onRun: (done: number, total: number) => void = () => {},
): Promise<Speed> {
  const models: TimedModel[] = [];
  try {
    for (const folder of [setup.reference, setup.model]) models.push(await TimedModel.start({ ...setup, folder }));
    const { model: kind, tokens, info } = models[1]!.ready;
    const runs = runsOf[kind];
    const times = await alternate(models, runs, onRun);
    const [reference, model] = await Promise.all(models.map((timed) => timed.resident()));
    return {
      speed: runs.map((run, index) => toSpeedRun(run, { times: times[index]!, tokens })),
      resident: { reference: reference!, model: model! },
      info,
    };
  } finally {
    await Promise.all(models.map((timed) => timed.close()));
  }
}

/** Milliseconds of each step, by run and model. */
async function alternate(
  models: readonly TimedModel[],
  runs: readonly TimedRun[],
  onRun: (done: number, total: number) => void,
): Promise<readonly (readonly number[][])[]> {
  const times = runs.map(() => models.map((): number[] => []));
  for (let round = 0; round < rounds; round++) {
    for (const [index, run] of runs.entries()) {
      for (const [which, model] of models.entries()) times[index]![which]!.push(...(await model.time(run)));
      onRun(round * runs.length + index + 1, rounds * runs.length);
    }
  }
  return times;
}

function toSpeedRun(
  { run, rows }: TimedRun,
  { times, tokens }: { readonly times: readonly number[][]; readonly tokens: number },
): SpeedRun {
  // A decode step computes one token of each row; a text counts as one, whatever its length.
  const counted = run === 'prefill' ? tokens : 1;
  const [reference, model] = times.map((each) => (1000 * rows * counted) / median(each));
  return { run, rows, tokens: run === 'decode' ? 1 : tokens, reference: reference!, model: model! };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
