/** How fast two models run, and how much memory they take: short runs in turn, so that a busy machine slows both alike. */
import type { Receipt, SpeedRun } from './receipt.js';
import { TimedModel, type TimedRun, type TimingSetup } from './timed-model.js';

export type SpeedSetup = Omit<TimingSetup, 'folder'> & { readonly reference: string; readonly model: string };

export interface Speed {
  readonly speed: readonly SpeedRun[];
  readonly resident: Receipt['resident'];
  /** Of the model. */
  readonly info: TimedModel['info'];
}

/** Each round runs every run on both models; the medians are over all rounds. */
const rounds = 5;
const runs: readonly TimedRun[] = [
  { run: 'decode', rows: 1, count: 6 },
  { run: 'decode', rows: 4, count: 6 },
  { run: 'decode', rows: 16, count: 6 },
  { run: 'prefill', rows: 1, count: 2 },
];

/** `onRun` is told how many of how many runs are done. Throws what loading and running throw. */
export async function measureSpeed(
  setup: SpeedSetup,
  onRun: (done: number, total: number) => void = () => {},
): Promise<Speed> {
  const models: TimedModel[] = [];
  try {
    for (const folder of [setup.reference, setup.model]) models.push(await TimedModel.start({ ...setup, folder }));
    const times = await alternate(models, onRun);
    const [reference, model] = await Promise.all(models.map((timed) => timed.resident()));
    const promptTokens = models[1]!.promptTokens;
    return {
      speed: runs.map((run, index) => toSpeedRun(run, { times: times[index]!, promptTokens })),
      resident: { reference: reference!, model: model! },
      info: models[1]!.info,
    };
  } finally {
    await Promise.all(models.map((timed) => timed.close()));
  }
}

/** Milliseconds of each step, by run and model. */
async function alternate(
  models: readonly TimedModel[],
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
  { times, promptTokens }: { readonly times: readonly number[][]; readonly promptTokens: number },
): SpeedRun {
  const tokens = run === 'prefill' ? promptTokens : 1;
  const [reference, model] = times.map((each) => (1000 * rows * tokens) / median(each));
  return { run, rows, tokens, reference: reference!, model: model! };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
