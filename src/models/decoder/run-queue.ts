/** Lets one thing after the other have something that only one can use at a time. */
export class RunQueue {
  #last: Promise<unknown> = Promise.resolve();

  /** Runs `task` when all before it are done. */
  enter<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#last.then(task);
    // A failure is its own caller's.
    this.#last = result.catch(() => {});
    return result;
  }
}
