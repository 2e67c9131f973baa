/** Rows that choose their tokens at the same time, and what they ask for meanwhile: run together. */
import { invariant } from '../../errors.js';

interface Waiting<Ask> {
  readonly ask: Ask;
  readonly resume: () => void;
  readonly fail: (error: unknown) => void;
}

export interface Answers<Ask> {
  /** Those of what is waiting that are run now; the others wait for the next time. All, when left out. */
  choose?(asks: readonly Ask[]): readonly Ask[];
  run(asks: readonly Ask[]): Promise<void>;
}

/**
 * A run takes less for several rows than one for each. So when each row waits or has chosen, what they ask for is run
 * together. What a row was given stays as it is until it asks again or has chosen.
 */
export class JointAsks<Ask> {
  readonly #answers: Answers<Ask>;
  #choosing = 0;
  #running = false;
  #waiting: Waiting<Ask>[] = [];

  constructor(answers: Answers<Ask>) {
    this.#answers = answers;
  }

  /** Has all rows choose. Throws what one of them throws, when all have ended: none may go on beside the next step. */
  async each<Row>(rows: readonly Row[], choose: (row: Row, index: number) => Promise<void>): Promise<void> {
    this.#choosing = rows.length;
    const chosen = rows.map(async (row, index) => {
      try {
        await choose(row, index);
      } finally {
        this.#choosing -= 1;
        this.#answerWhenAllWait();
      }
    });
    for (const result of await Promise.allSettled(chosen)) if (result.status === 'rejected') throw result.reason;
  }

  /** Until it has come. A row asks for one thing at a time, and outside of `each` only one row asks. */
  ask(ask: Ask): Promise<void> {
    invariant(!this.#running, 'nobody asks while what was asked for is run');
    return new Promise((resume, fail) => {
      this.#waiting.push({ ask, resume, fail });
      this.#answerWhenAllWait();
    });
  }

  #answerWhenAllWait(): void {
    if (this.#waiting.length > 0 && this.#waiting.length >= this.#choosing) void this.#answer();
  }

  async #answer(): Promise<void> {
    const waiting = this.#waiting;
    const asks = waiting.map(({ ask }) => ask);
    const chosen = this.#answers.choose?.(asks) ?? asks;
    const answered = waiting.filter(({ ask }) => chosen.includes(ask));
    this.#waiting = waiting.filter(({ ask }) => !chosen.includes(ask));
    this.#running = true;
    try {
      await this.#answers.run(chosen);
      for (const { resume } of answered) resume();
    } catch (error) {
      this.#waiting = [];
      for (const { fail } of waiting) fail(error);
    } finally {
      this.#running = false;
    }
  }
}
