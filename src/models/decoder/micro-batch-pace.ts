/** Whether a step of a pipeline is faster in one batch or in several: measured, for each size of step. */

/** Rows of a step, and their padded new tokens. */
export interface StepShape {
  readonly rows: number;
  readonly length: number;
}

/** Steps of each way before they are compared; the first finds kernels and memory cold, and does not count. */
const trials = 4;
/** Of so many steps one goes the way that was slower, in case it no longer is. */
const retryEvery = 128;
/** Weight of the latest step in the mean. */
const freshness = 0.1;

interface Way {
  steps: number;
  ms: number;
}

export class MicroBatchPace {
  readonly #most: number;
  /** By the powers of two of rows and length: steps in one batch, and in several. */
  readonly #ways = new Map<string, readonly [whole: Way, parts: Way]>();

  /** `most`: batches to cut a step into. */
  constructor(most: number) {
    this.#most = most;
  }

  /** Batches for a step of this shape. */
  choose(shape: StepShape): number {
    const parts = Math.min(this.#most, shape.rows);
    if (parts < 2) return 1;
    const [whole, cut] = this.#of(shape);
    if (whole.steps < trials) return 1;
    if (cut.steps < trials) return parts;
    const cutIsFaster = cut.ms < whole.ms;
    const retried = (whole.steps + cut.steps) % retryEvery === 0;
    return cutIsFaster === retried ? 1 : parts;
  }

  observe(shape: StepShape, batches: number, ms: number): void {
    const way = this.#of(shape)[batches > 1 ? 1 : 0];
    way.steps++;
    if (way.steps === 2) way.ms = ms;
    else if (way.steps > 2) way.ms += freshness * (ms - way.ms);
  }

  #of({ rows, length }: StepShape): readonly [Way, Way] {
    const size = `${Math.ceil(Math.log2(rows))} ${Math.ceil(Math.log2(length))}`;
    const ways = this.#ways.get(size) ?? [
      { steps: 0, ms: 0 },
      { steps: 0, ms: 0 },
    ];
    this.#ways.set(size, ways);
    return ways;
  }
}
